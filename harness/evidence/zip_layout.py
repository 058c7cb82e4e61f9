"""Bytes of a .zip that belong to no entry (APPNOTE.TXT 4.3): no reader shows them, so no statement can name them."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["outside_entries"]

_END = b"PK\x05\x06"
_END_SIZE = 22  # bytes of an end record without a comment
_HEADER = struct.Struct("<4s2xH18xHH")  # signature, flags, lengths of the name and of the extra field
_NONE = (0,)
_DESCRIPTORS = (12, 16, 20, 24)  # after an entry, bytes: with and without a signature, in 32 and 64 bits
_HAS_DESCRIPTOR = 8
_LONGEST_EXTRA = 128  # bytes: times, owners and sizes that packers note fit; a message does not


def outside_entries(path: Path, archive: zipfile.ZipFile) -> Iterator[tuple[int, str]]:
    """Where in the file they stand, and what they are. Raises OSError and ValueError where the zip cannot be read."""
    with path.open("rb") as file:
        yield from _before_the_directory(file, archive)
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_SIZE))
        end = file.read()
    for entry in archive.infolist():
        if entry.comment:
            yield archive.start_dir, f"a comment on {entry.filename}"
        if len(entry.extra) > _LONGEST_EXTRA:
            yield archive.start_dir, f"an extra field of {len(entry.extra)} bytes on {entry.filename}"
    if archive.comment:
        yield size - len(archive.comment), "a comment on the archive"
    elif not (end.startswith(_END) and end.endswith(b"\0\0")):
        yield size, "bytes after the end of the archive"


def _before_the_directory(file: BinaryIO, archive: zipfile.ZipFile) -> Iterator[tuple[int, str]]:
    """Each entry must start where the one before it ends, the first at 0, and the directory after the last."""
    place = 0
    slack: tuple[int, ...] = _NONE
    for entry in sorted(archive.infolist(), key=lambda entry: entry.header_offset):
        if entry.header_offset - place not in slack:
            yield place, f"bytes outside of the entries, before {entry.filename}"
        file.seek(entry.header_offset)
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            yield entry.header_offset, f"no header of {entry.filename}"
            return
        _, flags, name, extra = _HEADER.unpack(header)
        if extra > _LONGEST_EXTRA:
            yield entry.header_offset, f"an extra field of {extra} bytes on {entry.filename}"
        place = entry.header_offset + _HEADER.size + name + extra + entry.compress_size
        slack = _DESCRIPTORS if flags & _HAS_DESCRIPTOR else _NONE
    if archive.start_dir - place not in slack:
        yield place, "bytes outside of the entries, before the directory"
