"""Putting marks where secrets stand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from harness.secret_forms import Match
from harness.secret_patterns import MARK

__all__ = ["marked"]

_Stretch = tuple[int, int, str]


def marked(data: bytes, matches: Iterable[Match], whole_characters: bool = False) -> bytes:
    """`data` with the matches, which come in the order of their start, replaced by marks. With `whole_characters` a
    stretch is widened to whole UTF-8 characters, so that text stays text."""
    out, place = bytearray(), 0
    for start, end, mark in _outside_marks(data, _merged(matches)):
        if whole_characters:
            start, end = _whole_characters(data, max(start, place), end)
        out += data[place:start] + mark.encode()
        place = end
    return bytes(out + data[place:])


def _merged(matches: Iterable[Match]) -> Iterator[_Stretch]:
    """Overlapping matches as one stretch each, under the mark of the longest of them."""
    start = end = 0
    longest: Match | None = None
    for match in matches:
        if longest is None or match.start >= end:
            if longest is not None:
                yield start, end, longest.mark
            start, end, longest = match.start, match.end, match
        else:
            end = max(end, match.end)
            longest = max(longest, match, key=lambda one: one.end - one.start)
    if longest is not None:
        yield start, end, longest.mark


def _outside_marks(data: bytes, stretches: Iterable[_Stretch]) -> Iterator[_Stretch]:
    """The stretches without what lies in marks already there; but no secret passes for the hash of a mark."""
    kept = list(MARK.finditer(data))
    ends = [found.end() for found in kept]
    for start, end, mark in stretches:
        place = start
        for found in kept[bisect_right(ends, start) :]:
            if found.start() >= end:
                break
            if found.start(2) <= start and end <= found.end(2):
                continue
            if place < found.start():
                yield place, found.start(), mark
            place = found.end()
        if place < end:
            yield place, end, mark


def _whole_characters(data: bytes, start: int, end: int) -> tuple[int, int]:
    while start and 0x80 <= data[start] < 0xC0:
        start -= 1
    while end < len(data) and 0x80 <= data[end] < 0xC0:
        end += 1
    return start, end
