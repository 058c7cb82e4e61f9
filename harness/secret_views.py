"""Texts seen with one encoding undone, so that a search meets what percent-encoding, escapes or UTF-16 hide."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial

__all__ = ["View", "views"]

_NEAR = 256  # bytes beside an escape that are seen together with it; more than a fragment needs
_Undo = Callable[[re.Match[bytes]], bytes]


class View:
    """A stretch of a text, from `start` to before `stop`, with one encoding undone: `data`."""

    def __init__(self, transform: str, data: bytes, places: Callable[[], Sequence[int]]) -> None:
        self.transform = transform
        self.data = data
        self._places = places

    @cached_property
    def places(self) -> Sequence[int]:
        """`places[i]` is where byte i of `data` comes from, the last of them the end of the stretch. Made only when
        something was found."""
        return self._places()


def views(data: bytes) -> Iterator[View]:
    """Every stretch of `data` that holds an escape, UTF-16 or hex in capitals, with this undone once."""
    for transform, pattern, undo in _ESCAPES:
        for start, stop in _stretches(data, pattern):
            places = partial(_places, data, start, stop, pattern, undo)
            yield View(transform, pattern.sub(undo, data[start:stop]), places)
    for run in _WIDE.finditer(data):
        yield View("utf16", run[0][::2], partial(_every_second, *run.span()))
    for run in _HEX.finditer(data):
        if not run[0].islower():
            yield View("hex", run[0].lower(), partial(range, run.start(), run.end() + 1))


def _percent(found: re.Match[bytes]) -> bytes:
    return bytes((int(found[1], 16),))


def _json(found: re.Match[bytes]) -> bytes:
    high, low, unit, byte, letter = found.groups()
    if high:
        return chr((int(high, 16) - 0xD800) * 0x400 + int(low, 16) - 0xDC00 + 0x10000).encode()
    if unit:
        return chr(int(unit, 16)).encode("utf-8", "surrogatepass")
    return bytes((int(byte, 16),)) if byte else _LETTERS.get(letter, letter)


def _html(found: re.Match[bytes]) -> bytes:
    name, sixteen, ten = found.groups()
    if name:
        return _ENTITIES[name]
    number = int(sixteen, 16) if sixteen else int(ten)
    return chr(number).encode("utf-8", "surrogatepass") if number < 0x110000 else found[0]


_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_ENTITIES = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}
_PAIR = rb"u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})"
_ESCAPES: tuple[tuple[str, re.Pattern[bytes], _Undo], ...] = (
    ("percent", re.compile(rb"%([0-9A-Fa-f]{2})"), _percent),
    ("json", re.compile(rb"\\(?:%b|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([\"'\\/bfnrt]))" % _PAIR), _json),
    ("html", re.compile(rb"&(?:(amp|lt|gt|quot|apos)|#[xX]([0-9A-Fa-f]{1,6})|#([0-9]{1,7}));"), _html),
)
_WIDE = re.compile(rb"(?:[^\0]\0){11,}[^\0]?")
_HEX = re.compile(rb"[0-9A-Fa-f]{12,}")


def _stretches(data: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """Start and stop of what lies around escapes that stand so near to each other that a fragment could span them."""
    start = stop = 0
    for found in pattern.finditer(data):
        near = max(0, found.start() - _NEAR)
        if near > stop and stop:
            yield start, stop
        if near > stop or not stop:
            start = near
        stop = min(found.end() + _NEAR, len(data))
    if stop:
        yield start, stop


def _places(data: bytes, start: int, stop: int, pattern: re.Pattern[bytes], undo: _Undo) -> Sequence[int]:
    places = array("q")
    for found in pattern.finditer(data, start, stop):
        places.extend(range(start, found.start()))
        places.extend([found.start()] * len(undo(found)))
        start = found.end()
    places.extend(range(start, stop + 1))
    return places


def _every_second(start: int, stop: int) -> Sequence[int]:
    return [*range(start, stop, 2), stop]
