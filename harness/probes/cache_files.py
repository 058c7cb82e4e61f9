"""Where browsers keep their caches in a profile, and which URL a file of these is about."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CHROMIUM", "FIREFOX", "CacheFiles", "url_in"]

_ENTRY = struct.Struct("<QIII4x")  # of Chromium's simple cache: magic, version, length and hash of the key
_MAGIC = 0xFCFB6D1BA7725C30
_METADATA = struct.Struct(">8I")  # of Firefox's: version, fetches, three times, frecency, length of the key, flags
_HASHED = 2**18  # bytes of content to a hash of two bytes (Firefox's CacheFileMetadata)


@dataclass(frozen=True)
class CacheFiles:
    """Patterns of the folders, below a profile, of each kind of cache."""

    places: Mapping[str, str]

    def below(self, profile: Path) -> Iterator[tuple[str, Path]]:
        """Every file of the caches, with the place that it belongs to."""
        for place, pattern in self.places.items():
            for folder in sorted(profile.glob(pattern)):
                yield from ((place, file) for file in sorted(folder.rglob("*")) if file.is_file())


CHROMIUM = CacheFiles({"disk cache": "**/Cache", "Cache Storage": "**/CacheStorage", "code cache": "**/Code Cache"})
FIREFOX = CacheFiles({"disk cache": "cache2", "Cache Storage": "storage/*/*/cache"})  # compiled scripts: in the first


def url_in(file: Path) -> str:
    """The URL of an entry, which stands at the end of its key; "" for a file that is none."""
    data = file.read_bytes()
    if len(data) >= _ENTRY.size:
        magic, _, length, _ = _ENTRY.unpack_from(data)
        if magic == _MAGIC:
            return data[_ENTRY.size : _ENTRY.size + length].decode("utf-8", "replace").rpartition(" ")[2]
    return _url_of_firefox(data) if file.parent.name == "entries" else ""


def _url_of_firefox(data: bytes) -> str:
    """Its metadata stand behind the content, whose length is told at the very end: hashes, header, key."""
    content = int.from_bytes(data[-4:], "big")
    header = content + 4 + 2 * -(-content // _HASHED)
    if header + _METADATA.size > len(data):
        return ""
    length = _METADATA.unpack_from(data, header)[6]
    key = data[header + _METADATA.size : header + _METADATA.size + length].decode("utf-8", "replace")
    return key.partition(":")[2]  # before it stand attributes, none of which has a colon
