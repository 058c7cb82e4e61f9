"""Files of one owner, replaced as a whole: after a crash there is the old content or the new one, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNFINISHED = ".unfinished"  # the suffix of what a crash may leave; nobody reads it, and `sweep` removes it


def make_private_folder(folder: Path) -> None:
    """Make the folder, or make it the owner's alone (0700). Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        folder.chmod(0o700)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 beside it, see it on the disk, and put it in place. Raises OSError.

    Two writers of one file must be kept apart by the caller.
    """
    beside = path.with_name(path.name + UNFINISHED)
    with suppress(FileNotFoundError):
        beside.unlink()
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(path)
    sync_folder(path.parent)


def remove_file(path: Path) -> None:
    """Remove a file for good. Raises FileNotFoundError, OSError."""
    path.unlink()
    sync_folder(path.parent)


def sweep(folder: Path) -> None:
    """Remove what crashes have left in a folder. Raises OSError."""
    for left in folder.glob(f"*{UNFINISHED}"):
        with suppress(FileNotFoundError):
            left.unlink()


def sync_folder(folder: Path) -> None:
    """See a folder's names on the disk, where the system knows how to."""
    if os.name != "posix":
        return
    with _opened(folder) as descriptor:
        os.fsync(descriptor)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
