"""The disk as a killed client sees it: it takes as little at a time as it may, and nobody waits for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Disk", "disk"]


class Disk:
    """What was asked of it: which files were put in the place of another without having been seen on the disk."""

    def __init__(self) -> None:
        self._synced: set[int] = set()
        self.unsynced: list[str] = []

    def sync(self, descriptor: int) -> None:
        """Stand in for `os.fsync`: a kill loses nothing that the system has taken."""
        self._synced.add(os.fstat(descriptor).st_ino)

    def note(self, source: Any, target: Any) -> None:
        """Look at what is about to replace something."""
        if Path(source).stat().st_ino not in self._synced:
            self.unsynced.append(Path(target).name)


@contextmanager
def disk(at_once: int | None = None) -> Iterator[Disk]:
    """Within, a write takes up to `at_once` bytes (POSIX allows it to take less than it was given; None: all), and
    syncing waits for nothing."""
    seen, write, sync, replace, rename = Disk(), os.write, os.fsync, os.replace, os.rename

    def put(real: Any) -> Any:
        def noted(source: Any, target: Any, **more: Any) -> None:
            seen.note(source, target)
            real(source, target, **more)

        return noted

    if at_once is not None:
        os.write = lambda descriptor, data: write(descriptor, bytes(memoryview(data)[:at_once]))
    os.fsync = seen.sync  # type: ignore[assignment]  # ours takes a descriptor only
    os.replace, os.rename = put(replace), put(rename)
    try:
        yield seen
    finally:
        os.write, os.fsync, os.replace, os.rename = write, sync, replace, rename
