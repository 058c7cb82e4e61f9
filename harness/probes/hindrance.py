"""What hinders the main process of a shell: told by a file, which that process reads each time.

`Hindrance` is used on both sides; it hinders nothing by itself.
"""

from __future__ import annotations

from pathlib import Path
from time import sleep

__all__ = ["SILENT", "STORE_BLOCKS", "STORE_BREAKS", "Hindrance"]

SILENT = "silent"  # main does what it is asked for, and keeps the reply to itself
STORE_BLOCKS = "store blocks"
STORE_BREAKS = "store breaks"  # by an error that nobody foresaw, while its caller holds the lock of the session
FILE = "hindrance"
LOOK = 0.02  # seconds between two looks


class Hindrance:
    """One shell's, in its folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def begin(self, what: str) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(what)
        fresh.replace(self._file)

    def end(self) -> None:
        self._file.unlink(missing_ok=True)

    def applies(self, what: str) -> bool:
        try:
            return self._file.read_text() == what
        except OSError:
            return False

    def hold(self, what: str) -> None:
        """Come back when it does not apply, or no longer."""
        while self.applies(what):
            sleep(LOOK)
