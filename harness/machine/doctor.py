"""The pre-flight: what is here, what is missing, and the one command that mends each. It installs nothing."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

from harness.machine.node import find_node
from harness.machine.places import CHECKOUT
from harness.machine.provision import NEEDS, Need, Provisioned, provision

__all__ = ["examine"]

OLDEST = (3, 11)


def examine(out: Path = CHECKOUT / "reports" / "out") -> list[Provisioned]:
    """One row for each thing that a run uses. `out` is where it would write."""
    needs = (*NEEDS[:2], Need("Node", find_node), *NEEDS[2:])
    return [
        _python(),
        *provision(False, needs=needs),
        _writable("Reports", out),
        _writable("Runs", Path(tempfile.gettempdir())),
    ]


def _python() -> Provisioned:
    found = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info >= OLDEST:
        return Provisioned("Python", "here", found)
    return Provisioned("Python", "absent", f"{found} is too old", "install Python 3.11 or later")


def _writable(what: str, folder: Path) -> Provisioned:
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return Provisioned(what, "here", str(folder))
    return Provisioned(what, "absent", f"{nearest} cannot be written to", f"chmod u+rwx {nearest}, or choose another")
