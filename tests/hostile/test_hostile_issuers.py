"""Runs by description against issuers that do harm: each ends, says what it could not see, and its evidence is sound."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli import main
from tests.hostile.attacks import ATTACKS, Hostility
from tests.hostile.issuer import describe, hostile

LIMITS = "max_wait = 0\nanswer = 0.4\npatience = 4\nrate = 200\nbody = 60000"
CONTROLS = ("TOKEN-01", "TOKEN-12")
MOST_SECONDS = 40.0  # for a run over three stages; most of it is the start
STAGES = ("dev", "staging", "prod")
GROUPS = [ATTACKS[start : start + 3] for start in range(0, len(ATTACKS), 3)]


def call(*arguments: object) -> Any:
    """The JSON that a command of the command line says."""
    result = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.stdout)


def run(description: Path, folder: Path) -> Mapping[str, Any]:
    started = time.monotonic()
    controls = [word for control in CONTROLS for word in ("--controls", control)]
    done: Mapping[str, Any] = call("run", "--target", description, *controls, "--depth", "pr", "--out", folder)
    assert time.monotonic() - started < MOST_SECONDS
    return done


@pytest.fixture(params=GROUPS, ids=lambda group: ", ".join(one.name for one in group))
def group(request: pytest.FixtureRequest) -> Sequence[Hostility]:
    chosen: Sequence[Hostility] = request.param
    return chosen


def test_the_run_ends_and_passes_nothing_that_it_did_not_see(group: Sequence[Hostility], tmp_path: Path) -> None:
    with ExitStack() as closing:
        issuers = [closing.enter_context(hostile(one.attack, one.steps)) for one in group]
        description = describe(dict(zip(STAGES, issuers, strict=False)), tmp_path, LIMITS)
        done = run(description, tmp_path / "out")
    for stage, one in zip(STAGES, group, strict=False):
        findings = [finding for finding in done["findings"] if f"/{stage}/" in finding["cell"]]
        verdicts = {finding["verdict"] for finding in findings}
        reasons = "\n".join(finding["reason"] for finding in findings)
        assert re.search(one.told, reasons), (one.name, reasons)
        assert not re.search("crashed|Traceback", reasons), (one.name, reasons)
        if len(one.steps) > 1:
            assert verdicts == {"unknown"}, (one.name, findings)
    assert call("audit", done["bundle"])["holds"]
