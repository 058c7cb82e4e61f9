"""Chromium's sandbox on Linux: it needs user namespaces, and does not start for root."""

from __future__ import annotations

import functools
import os
import shutil
import sys

from harness.machine.commands import run_bounded

__all__ = ["SECONDS", "as_user", "can_sandbox"]

SECONDS = 10.0
NAMESPACE = ("unshare", "--user", "--map-user=1000")


@functools.cache
def can_sandbox() -> bool:
    """Whether a program that is started by `as_user` can run Chromium's sandbox."""
    if sys.platform != "linux":
        return True
    return shutil.which(NAMESPACE[0]) is not None and run_bounded([*NAMESPACE, "true"], seconds=SECONDS).ok


def as_user() -> tuple[str, ...]:
    """What goes before a command so that it does not run as root: containers do. It keeps its rights to files."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return NAMESPACE if root and can_sandbox() else ()
