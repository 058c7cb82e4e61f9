"""Changes the files of a vault, one byte at a time, and tells what reading comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from harness.observations import TamperTrial

__all__ = ["changes", "tampered"]

STEPS = 6  # bytes that are flipped in a file: its first, its last, and some between


def tampered(files: list[Path], vault: Path, read: Callable[[], str]) -> list[TamperTrial]:
    """What `read` tells after each change; each file is put back as it was."""
    trials = []
    for file in files:
        whole = file.read_bytes()
        for change, data in changes(whole):
            file.write_bytes(data)
            try:
                trials.append(TamperTrial(file.relative_to(vault).as_posix(), change, read()))
            finally:
                file.write_bytes(whole)
    return trials


def changes(whole: bytes) -> Iterator[tuple[str, bytes]]:
    """A byte of each region flipped; the end cut off; nothing left."""
    last = len(whole) - 1
    for place in sorted({last * step // (STEPS - 1) for step in range(STEPS)} if whole else ()):
        yield f"byte {place} flipped", whole[:place] + bytes([whole[place] ^ 0x01]) + whole[place + 1 :]
    if len(whole) > 1:
        yield "its second half cut off", whole[: len(whole) // 2]
    yield "emptied", b""
