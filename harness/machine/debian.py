"""Packages of Debian and its descendants, installed where this process may: as root, with apt-get here."""

from __future__ import annotations

import functools
import os
import shutil
import sys

from harness.errors import NotHere
from harness.machine.commands import Outcome, run_bounded

__all__ = ["apt_command", "apt_install", "may_apt"]

UPDATE_SECONDS = 120.0
INSTALL_SECONDS = 600.0


def may_apt() -> bool:
    """Whether this process can install packages by apt-get."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_command(*packages: str) -> str:
    """The command that a person would type."""
    sudo = "" if sys.platform == "linux" and os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install {' '.join(packages)}"


def apt_install(what: str, *packages: str) -> None:
    """Installs packages without a question. Raises NotHere with the line of apt-get that tells why it failed."""
    mend = apt_command(*packages)
    if not may_apt():
        raise NotHere(f"no {what}, and only root on Debian can install it here", mend)
    _update()
    outcome = _apt_get(INSTALL_SECONDS, "install", "--yes", "--no-install-recommends", *packages)
    if not outcome.ok:
        raise NotHere(f"no {what}: {outcome.line}", mend)


@functools.cache
def _update() -> Outcome:
    # Once a process. A failure is told by the installation that follows, if it matters to it.
    return _apt_get(UPDATE_SECONDS, "update")


def _apt_get(seconds: float, *arguments: str) -> Outcome:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return run_bounded(["apt-get", "-q", *arguments], seconds=seconds, environment=environment)
