"""A stream of Snappy chunks, as Firefox keeps what scripts put into caches (Snappy's framing_format.txt)."""

from __future__ import annotations

from collections.abc import Iterator

from harness.leveldb import BadTable, snappy

__all__ = ["is_stream", "stream_chunks"]

_BEGIN = b"\xff\x06\x00\x00sNaPpY"
_PACKED, _PLAIN, _FIRST_THAT_MAY_BE_SKIPPED = 0x00, 0x01, 0x80
_CHECKSUM = 4  # bytes


def is_stream(data: bytes) -> bool:
    return data.startswith(_BEGIN)


def stream_chunks(data: bytes, most: int) -> Iterator[bytes]:
    """What is in the chunks, unpacked. Raises BadTable, also where one is larger than `most` bytes."""
    place = 0
    while place < len(data):
        kind, length = data[place], int.from_bytes(data[place + 1 : place + 4], "little")
        chunk = data[place + 4 : place + 4 + length]
        if len(chunk) != length:
            raise BadTable("the stream ends within a chunk")
        if kind == _PACKED:
            yield snappy(chunk[_CHECKSUM:], most)
        elif kind == _PLAIN:
            yield chunk[_CHECKSUM:]
        elif kind < _FIRST_THAT_MAY_BE_SKIPPED:
            raise BadTable(f"a chunk is of a kind that is not known ({kind})")
        place += 4 + length
