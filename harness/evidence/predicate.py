"""What a bundle's statement says beside its files: of what, with what, when, and by which inputs."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from harness import __version__
from harness.checks import registry
from harness.errors import EvidenceError
from harness.model import Catalog, Waiver
from harness.ports import Target

__all__ = ["describe_run", "expected_failures", "versions"]

TOOLS = ("authlib", "joserfc", "keyring", "moto", "playwright", "pytest", "pytest-bdd", "requests", "securesystemslib")


def versions() -> dict[str, str]:
    """Versions of Authassay, Python, the platform and the tools that a verdict can depend on."""
    found = {"authassay": __version__, "python": platform.python_version(), "platform": platform.platform()}
    return found | {name: metadata.version(name) for name in TOOLS}


def describe_run(
    catalog: Catalog,
    features: Iterable[Path],
    cells: Iterable[str],
    targets: Mapping[str, Target],
    started: datetime,
    scan: Mapping[str, Any],
    asked: Mapping[str, Any],
) -> dict[str, Any]:
    """The predicate of the statement. `asked` tells to which controls and cells the run was narrowed, and what it might
    do. What the targets' descriptions say stands in it for whoever reads the evidence on another machine."""
    return {
        "asked": dict(asked),
        "cells": sorted(cells),
        "targets": {name: target.version for name, target in targets.items()},
        "foreign": sorted(name for name, target in targets.items() if target.confirms),
        "remedies": {name: dict(target.remedies) for name, target in targets.items() if target.remedies},
        "expected_failures": [asdict(each) for target in targets.values() for each in target.expected_failures],
        "commit": commit(),
        "digests": {
            "catalog": catalog.digest,
            "features": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(features)},
            "checks": {expectation: check.digest for expectation, check in sorted(registry.checks().items())},
        },
        "versions": versions(),
        "parameters": {name: parameter.value for name, parameter in sorted(catalog.parameters.items())},
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "scan": dict(scan),
    }


def expected_failures(predicate: Mapping[str, Any]) -> tuple[Waiver, ...]:
    """The failures that the targets' descriptions expected when the run was made. Raises EvidenceError where they are
    written in no way that this version writes them."""
    try:
        return tuple(Waiver(**each) for each in predicate.get("expected_failures", ()))
    except TypeError as error:
        raise EvidenceError(f"the statement's expected failures cannot be read: {error}") from error


def commit() -> str:
    """The commit of the checkout, `-dirty` where it has changes; CI's own variable first; "unknown" without git."""
    if os.environ.get("GITHUB_SHA"):
        return os.environ["GITHUB_SHA"]
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10)
        changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    if head.returncode:
        return "unknown"
    return head.stdout.strip() + ("-dirty" if changed.stdout.strip() else "")
