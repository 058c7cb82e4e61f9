"""The local storage of a browser as an application of old leaves it on disk, in plain text: an export in JSON, and
LevelDB's log, in which also stands what was overwritten since (LevelDB's log_format.md, write_batch.cc)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

__all__ = ["EXPORT", "LEVELDB", "crc32c", "leave_profile"]

LEVELDB = Path("Local Storage") / "leveldb"
EXPORT = "local-storage.json"
ORIGIN = b"http://127.0.0.1"
_FULL, _VALUE, _LATIN_1 = 1, b"\x01", b"\x01"
_POLYNOMIAL, _MASK = 0x82F63B78, 0xA282EAD8  # of CRC-32C, and LevelDB's own


def leave_profile(folder: Path, texts: Mapping[str, str], overwritten: Mapping[str, str]) -> None:
    """Leave these texts by key in the folder, and in LevelDB's log also what had been there before them."""
    log = folder / LEVELDB / "000003.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"".join(_record(number, batch) for number, batch in enumerate((overwritten, texts))))
    (log.parent / "CURRENT").write_text("MANIFEST-000001\n")
    (folder / EXPORT).write_text(json.dumps(texts))


def _record(number: int, texts: Mapping[str, str]) -> bytes:
    """One whole record with a batch of writes."""
    batch = number.to_bytes(8, "little") + len(texts).to_bytes(4, "little")
    for key, text in texts.items():
        name = b"_" + ORIGIN + b"\0" + _LATIN_1 + key.encode()
        batch += _VALUE + _sized(name) + _sized(_LATIN_1 + text.encode("latin-1"))
    typed = bytes([_FULL]) + batch
    crc = crc32c(typed)
    masked = (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFFFFFF
    return masked.to_bytes(4, "little") + len(batch).to_bytes(2, "little") + typed


def _sized(data: bytes) -> bytes:
    length, varint = len(data), b""
    while length >= 0x80:
        varint += bytes([length & 0x7F | 0x80])
        length >>= 7
    return varint + bytes([length]) + data


def crc32c(data: bytes) -> int:
    """The checksum of Castagnoli's polynomial (RFC 3720 §12.1)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
