"""What another user of the machine can read, seen by a process that runs as one: only root can start it.

The files are copied, with their modes, to a folder whose parents are open, so that what is judged is their own
protection and not that of the temporary folder in which a run keeps them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Attempted", "can_be_another", "read_as_another"]

NOBODY = 65534
SECONDS = 60.0
PLANTED = b"open to every user"
# The system's own tools: the interpreter of this process may lie in a folder that is closed to others.
_READS = 'find "$1" -type f -exec cat {} + 2>/dev/null; true'


@dataclass(frozen=True)
class Attempted:
    """All that the other user could read, and whether he could read what is open to all."""

    read: bytes
    able: bool


def can_be_another() -> bool:
    """Whether this process may start one of another user."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def read_as_another(folders: Mapping[str, Path]) -> Attempted:
    """Everything in copies of the folders, as far as they are there, that a process of another user can read."""
    with tempfile.TemporaryDirectory(prefix="authassay-open-") as name:
        place = Path(name)
        place.chmod(0o755)
        for label, folder in folders.items():
            if not folder.is_dir():
                continue
            shutil.copytree(folder, place / label, symlinks=True, ignore=_no_sockets)
        (place / "planted").write_bytes(PLANTED)
        (place / "planted").chmod(0o644)
        done = subprocess.run(
            ["/bin/sh", "-c", _READS, "sh", name], user=NOBODY, group=NOBODY, extra_groups=[], cwd="/",
            env={"PATH": os.environ.get("PATH", "")}, capture_output=True, check=False, timeout=SECONDS,
        )  # fmt: skip
    return Attempted(done.stdout, PLANTED in done.stdout)


def _no_sockets(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if Path(folder, name).is_socket()]
