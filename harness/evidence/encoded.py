"""What looks like a secret once an encoding is undone: percent, JSON and HTML escapes, UTF-16, base64, hex."""

from __future__ import annotations

import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness.secret_patterns import findings
from harness.secret_views import views

__all__ = ["Budget", "encoded_looks"]

_DEPTH = 2  # how many encodings around one another are undone
_CHUNK = 2**20  # bytes that are decoded at once
_OVERLAP = 2**14  # bytes that two chunks share
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{20,}")
_TEXT = re.compile(rb"[\t\n\r -~]{8}|(?:[ -~]\0){8}")  # what nearly no decoded noise holds
_HEX = re.compile(rb"[0-9A-Fa-f]{24,}")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_BETWEEN = b"\n\0\n"  # no pattern matches across it


@dataclass
class Budget:
    """How many decoded bytes may still be searched. `left` counts down."""

    left: int


@dataclass(frozen=True)
class _Decoded:
    """Decoded bytes; `at(i)` is where byte i of them stood."""

    encoding: str
    data: bytes
    at: Callable[[int], int]


def encoded_looks(data: bytes, budget: Budget) -> Iterator[tuple[int, str, str]]:
    """Start, kind and encoding of all that looks like a secret only when decoded. It ends early where the budget is
    used up."""
    for start in range(0, max(1, len(data)), _CHUNK):
        for place, kind, encoding in _looks(data[start : start + _CHUNK + _OVERLAP], budget, _DEPTH):
            yield start + place, kind, encoding
        if budget.left < 0:
            return


def _looks(data: bytes, budget: Budget, depth: int) -> Iterator[tuple[int, str, str]]:
    for decoded in _decoded(data):
        budget.left -= len(decoded.data)
        if budget.left < 0:
            return
        for start, _, kind in findings(decoded.data):
            yield decoded.at(start), kind, decoded.encoding
        if depth > 1:
            for start, kind, encoding in _looks(decoded.data, budget, depth - 1):
                yield decoded.at(start), kind, f"{encoding} in {decoded.encoding}"


def _decoded(data: bytes) -> Iterator[_Decoded]:
    yield from _joined("base64", data, _BASE64, _base64)
    yield from _joined("hex", data, _HEX, _hex)
    for view in views(data):
        if view.transform != "hex":  # there it is only put in small letters
            yield _Decoded(view.transform, view.data, lambda place, view=view: view.places[place])  # type: ignore[misc]


def _joined(
    encoding: str, data: bytes, pattern: re.Pattern[bytes], decode: Callable[[bytes], Sequence[bytes]]
) -> Iterator[_Decoded]:
    """All runs of an encoding decoded, in one piece: patterns search one large text faster than many small ones."""
    out, starts, places = bytearray(), [0], [0]
    for run in pattern.finditer(data):
        for text in filter(_TEXT.search, decode(run[0])):
            starts.append(len(out))
            places.append(run.start())
            out += text + _BETWEEN
    if out:
        yield _Decoded(encoding, bytes(out), lambda place: places[bisect_right(starts, place) - 1])


def _base64(run: bytes) -> Sequence[bytes]:
    """The run decoded from each of four places: a letter of this alphabet may stand before the encoded text."""
    if _HEX.fullmatch(run):
        return ()
    run = run.translate(_TO_STANDARD)
    parts = (run[shift:] for shift in range(4))
    return [binascii.a2b_base64(_padded(part)) for part in parts]


def _padded(run: bytes) -> bytes:
    rest = len(run) % 4
    return run[:-1] if rest == 1 else run + b"=" * (-rest % 4)


def _hex(run: bytes) -> Sequence[bytes]:
    parts = (run, run[1:])
    return [bytes.fromhex(part[: len(part) // 2 * 2].decode()) for part in parts]
