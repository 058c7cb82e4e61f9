"""The blocks of a LevelDB table file (`.ldb`, `.sst`), unpacked (LevelDB's table_format.md, Snappy's
format_description.txt). A log file needs none of this: its records stand in it as they are."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["BadTable", "is_table", "snappy", "table_blocks"]

_MAGIC = 0xDB4775248B7D1157.to_bytes(8, "little")
_FOOTER = 48  # bytes
_TRAILER = 5  # bytes after each block: one for the compression, four for the checksum


class BadTable(ValueError):
    """The bytes are no table, or no Snappy, after all."""


def is_table(data: bytes) -> bool:
    return len(data) >= _FOOTER and data.endswith(_MAGIC)


def table_blocks(data: bytes, most: int) -> Iterator[bytes]:
    """The data blocks and the index block, unpacked. Raises BadTable, also where one is larger than `most` bytes."""
    footer, place = data[-_FOOTER:], 0
    _, place = _varint(footer, place)
    _, place = _varint(footer, place)
    index, _ = _block(data, footer, place, most)
    yield index
    for value in _values(index):
        yield _block(data, value, 0, most)[0]


def _block(data: bytes, handle: bytes, place: int, most: int) -> tuple[bytes, int]:
    offset, place = _varint(handle, place)
    size, place = _varint(handle, place)
    if offset + size + _TRAILER > len(data):
        raise BadTable("a block lies outside the file")
    raw, compression = data[offset : offset + size], data[offset + size]
    if compression > 1:
        raise BadTable(f"a block is packed in a way that is not known ({compression})")
    return (snappy(raw, most) if compression else raw), place


def _values(block: bytes) -> Iterator[bytes]:
    """The values of a block's entries: shared length, own length, value length, own part of the key, value."""
    restarts = int.from_bytes(block[-4:], "little")
    end, place = len(block) - 4 * (restarts + 1), 0
    while place < end:
        _, place = _varint(block, place)
        own, place = _varint(block, place)
        size, place = _varint(block, place)
        yield block[place + own : place + own + size]
        place += own + size


def snappy(data: bytes, most: int) -> bytes:
    """What Snappy packed. Raises BadTable, also where it says that it is larger than `most` bytes."""
    size, place = _varint(data, 0)
    if size > most:
        raise BadTable(f"a block says that it holds {size} bytes")
    out = bytearray()
    while place < len(data) and len(out) <= size:
        tag, place = data[place], place + 1
        if tag & 3 == 0:
            length, place = _literal(data, tag, place)
            out += data[place : place + length]
            place += length
        else:
            place = _copy(out, data, tag, place)
    if len(out) != size:
        raise BadTable("the packed block is broken")
    return bytes(out)


def _literal(data: bytes, tag: int, place: int) -> tuple[int, int]:
    length, extra = tag >> 2, (tag >> 2) - 59
    if extra > 0:
        length = int.from_bytes(data[place : place + extra], "little")
        place += extra
    return length + 1, place


def _copy(out: bytearray, data: bytes, tag: int, place: int) -> int:
    if tag & 3 == 1:
        length, width = (tag >> 2 & 7) + 4, 1
        back = (tag >> 5) << 8 | int.from_bytes(data[place : place + 1], "little")
    else:
        length, width = (tag >> 2) + 1, 2 if tag & 3 == 2 else 4
        back = int.from_bytes(data[place : place + width], "little")
    if not 0 < back <= len(out):
        raise BadTable("the packed block refers to before its start")
    for _ in range(length):
        out.append(out[-back])
    return place + width


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:
        byte, place = data[place], place + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
    raise BadTable("a number does not end")
