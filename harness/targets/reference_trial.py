"""Trials of the reference's clients in processes of their own (reference_trials), as their ports make them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from harness.errors import TargetError
from harness.machine.commands import end_tree
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_situations import Surroundings

__all__ = ["run_trial"]

TRIALS = "harness.targets.reference_trials"
SECONDS = 120.0  # for one trial; long, because a slow machine is no finding


def run_trial(
    target: ReferenceHost,
    name: str,
    given: Mapping[str, Any],
    surroundings: Surroundings,
    environment: Mapping[str, str] | None = None,
) -> Mapping[str, Any]:
    """What a trial says. Raises TargetError where it says nothing."""
    process = subprocess.Popen(
        target.command(TRIALS, name),
        env=dict(environment or surroundings.environment), cwd=surroundings.folder, text=True, encoding="utf-8",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        said, complained = process.communicate(json.dumps(given), timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise TargetError(f"the trial {name!r} of the reference did not end within {SECONDS:g} s") from None
    finally:
        end_tree(process.pid)
        process.wait()
    try:
        told: Mapping[str, Any] = json.loads(said)
    except ValueError:
        last = (complained.strip().splitlines() or ["it said nothing"])[-1]
        raise TargetError(f"the trial {name!r} of the reference failed: {last}") from None
    return told
