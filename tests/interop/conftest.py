"""Node with the packages that package-lock.json pins here; without npm the tests are skipped, with the reason."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.errors import NotHere
from harness.machine.node import find_node
from harness.machine.npm import LockedPackages
from harness.machine.places import CHECKOUT, TOOLS

PACKAGES = LockedPackages(
    "SST", CHECKOUT / "tests" / "interop", TOOLS / "interop", "sst", "python3 noxfile.py -s tests -- tests/interop"
)
SECONDS = 60.0

# `Any`: what a script prints, read from JSON.
RunScript = Callable[..., Any]


@pytest.fixture(scope="session")
def installed() -> Path:
    """The folder in which the packages are installed."""
    try:
        try:
            PACKAGES.find()
        except NotHere:
            PACKAGES.install()
    except NotHere as absent:
        pytest.skip(f"npm's packages cannot be had here: {absent}")
    return PACKAGES.folder


@pytest.fixture
def run_script(installed: Path) -> RunScript:
    """Runs a script of a folder of tests/interop with Node, beside the packages; gives what it printed, as JSON."""

    def run(script: Path, given: object = None, environ: Mapping[str, str] | None = None) -> Any:
        place = installed / f"{script.parent.name}-{script.name}"
        shutil.copyfile(script, place)
        inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        done = subprocess.run(
            [find_node(), place], input=json.dumps(given), capture_output=True, text=True, encoding="utf-8",
            env={**inherited, **(environ or {})}, timeout=SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
