"""What lies inside a file: archives, compressed streams, SQLite rows, LevelDB blocks; nested, and bounded.

Whatever is not opened, because a bound was met or it is broken or encrypted, is told as `Unscanned`.
"""

from __future__ import annotations

import io
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from harness.leveldb import BadTable, is_table, table_blocks
from harness.snappy_stream import is_stream, stream_chunks

__all__ = ["Bounds", "Layer", "Unscanned", "layers"]

_GZIP, _ZIP, _SQLITE = b"\x1f\x8b\x08", b"PK\x03\x04", b"SQLite format 3\0"
_BROKEN_ENTRY = (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError)
_SQLITE_STEPS = 5_000_000  # virtual machine instructions for one database


@dataclass
class Bounds:
    """How deep nesting is followed, and how many bytes one file may expand to in all. `expanded` counts down."""

    depth: int = 4
    expanded: int = 64 * 2**20


@dataclass(frozen=True)
class Layer:
    """Bytes found at `place` (`cache/data_1!gzip@512`), and in what kind of container."""

    place: str
    kind: str
    data: bytes


@dataclass(frozen=True)
class Unscanned:
    """A place that could not be searched, and why."""

    place: str
    reason: str


def layers(place: str, data: bytes, bounds: Bounds | None = None) -> Iterator[Layer | Unscanned]:
    """The bytes as they are (`raw`), then all that is inside them."""
    yield Layer(place, "raw", data)
    yield from _inside(place, data, bounds or Bounds(), 0)


def _inside(place: str, data: bytes, bounds: Bounds, depth: int) -> Iterator[Layer | Unscanned]:
    for layer in _opened(place, data, bounds):
        if isinstance(layer, Unscanned):
            yield layer
        elif depth == bounds.depth:
            yield Unscanned(layer.place, f"nested deeper than {bounds.depth} containers")
            return
        else:
            yield layer
            yield from _inside(layer.place, layer.data, bounds, depth + 1)


def _opened(place: str, data: bytes, bounds: Bounds) -> Iterator[Layer | Unscanned]:
    if data.startswith(_ZIP) or b"PK\x05\x06" in data[-66_000:]:
        yield from _zip(place, data, bounds)
        return  # gzip inside it is met in its entries
    if data.startswith(_SQLITE):
        yield from _sqlite(place, data, bounds)
    elif is_table(data):
        yield from _leveldb(place, data, bounds)
    elif is_stream(data):
        yield from _snappy(place, data, bounds)
    yield from _gzip(place, data, bounds)


def _zip(place: str, data: bytes, bounds: Bounds) -> Iterator[Layer | Unscanned]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        yield Unscanned(place, f"no readable zip: {error}")
        return
    for entry in entries:
        inner = f"{place}!{entry.filename}"
        try:
            with archive.open(entry) as stream:
                content = stream.read(bounds.expanded + 1)
        except _BROKEN_ENTRY as error:
            yield Unscanned(inner, f"cannot be unpacked: {error}")
            continue
        yield from _counted(Layer(inner, "zip", content), bounds)


def _gzip(place: str, data: bytes, bounds: Bounds) -> Iterator[Layer | Unscanned]:
    """Streams at any offset, as a browser's cache keeps them behind a header of its own."""
    start = data.find(_GZIP)
    while start >= 0:
        inner = f"{place}!gzip@{start}"
        stream = zlib.decompressobj(wbits=31)
        used = 1
        try:
            content, used = _inflated(stream, memoryview(data)[start:], bounds.expanded + 1)
            if content:
                yield from _counted(Layer(inner, "gzip", content), bounds)
            if start == 0 and not stream.eof and len(content) <= bounds.expanded:
                yield Unscanned(inner, "the gzip stream ends too early")
        except zlib.error as error:
            if start == 0:
                yield Unscanned(inner, f"the gzip stream is broken: {error}")
        start = data.find(_GZIP, start + max(1, used))


def _inflated(stream: zlib._Decompress, data: memoryview, most: int) -> tuple[bytes, int]:
    """What the stream holds, up to `most` bytes, and how many bytes it takes. It is fed in growing pieces, for zlib
    copies what it is given too much: thousands of small streams would take minutes. Raises zlib.error."""
    content, place, size = bytearray(), 0, 512
    while not stream.eof and place < len(data) and len(content) < most:
        piece = data[place : place + size]
        content += stream.decompress(piece, most - len(content))
        place, size = place + len(piece), min(2 * size, 2**16)
    return bytes(content), place - len(stream.unused_data) - len(stream.unconsumed_tail)


def _sqlite(place: str, data: bytes, bounds: Bounds) -> Iterator[Layer | Unscanned]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.text_factory = bytes
        connection.set_progress_handler(lambda: 1, _SQLITE_STEPS)  # it ends a statement that takes more
        # A database in WAL mode cannot be opened from memory: bytes 18 and 19 say so (sqlite.org/fileformat2 §1.3).
        connection.deserialize(data[:18] + b"\x01\x01" + data[20:])
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0").fetchall()
        for (name,) in tables:
            quoted = name.decode("utf-8", "replace").replace('"', '""')
            inner = f"{place}!table {quoted}"
            rows = connection.execute(f'SELECT * FROM "{quoted}"')
            yield from _counted(Layer(inner, "sqlite", _rows(rows, bounds.expanded + 1)), bounds)
    except sqlite3.Error as error:
        yield Unscanned(place, f"the database cannot be read: {error}")
    finally:
        connection.close()


def _rows(rows: sqlite3.Cursor, most: int) -> bytes:
    out = bytearray()
    for row in rows:
        for value in row:
            out += (value if isinstance(value, bytes) else str(value).encode()) + b"\n"
        if len(out) > most:
            break
    return bytes(out)


def _leveldb(place: str, data: bytes, bounds: Bounds) -> Iterator[Layer | Unscanned]:
    try:
        for number, block in enumerate(table_blocks(data, bounds.expanded)):
            yield from _counted(Layer(f"{place}!block {number}", "leveldb", block), bounds)
    except BadTable as error:
        yield Unscanned(place, f"the LevelDB table cannot be read: {error}")


def _snappy(place: str, data: bytes, bounds: Bounds) -> Iterator[Layer | Unscanned]:
    content = bytearray()
    try:
        for chunk in stream_chunks(data, bounds.expanded):
            content += chunk
            if len(content) > bounds.expanded:
                break
    except BadTable as error:
        yield Unscanned(place, f"the Snappy stream cannot be read: {error}")
    else:
        yield from _counted(Layer(f"{place}!snappy", "snappy", bytes(content)), bounds)


def _counted(layer: Layer, bounds: Bounds) -> Iterator[Layer | Unscanned]:
    """The layer, cut where the bound is met, which is then told."""
    fits = layer.data[: bounds.expanded]
    if fits:
        yield Layer(layer.place, layer.kind, fits)
    if len(layer.data) > bounds.expanded:
        yield Unscanned(layer.place, "it expands to more than is searched")
    bounds.expanded -= len(fits)
