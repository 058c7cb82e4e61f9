"""The redactor's marks in a text: what stood there, and in which form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["MARK", "Mark", "marks_in", "split"]

# As harness.redact writes it: {{kind:hash:length/transform[low:high]}}
MARK = re.compile(r"\{\{([a-z0-9_]+):([0-9a-f]{16}):(\d+)((?:/[a-z0-9]+)?(?:\[\d+:\d+\])?)\}\}")
_CUT = re.compile(r"\[(\d+):(\d+)\]")


@dataclass(frozen=True)
class Mark:
    """A secret of `length` characters where it stood. Equal digests are equal secrets. `transform` is "" where it stood
    in clear, `cut` the range of it that stood there, None for all of it."""

    kind: str
    digest: str
    length: int
    transform: str = ""
    cut: tuple[int, int] | None = None

    @property
    def in_clear(self) -> bool:
        """Whether whoever reads the text in its own syntax has the secret."""
        return self.transform in ("", "percent", "form", "json", "html")


def split(text: str) -> tuple[str | Mark, ...]:
    """The text as what stands between marks, and these; without empty stretches."""
    parts: list[str | Mark] = []
    place = 0
    for found in MARK.finditer(text):
        parts += [text[place : found.start()], _mark(found)]
        place = found.end()
    return tuple(part for part in (*parts, text[place:]) if part)


def marks_in(text: str) -> Iterator[Mark]:
    return (_mark(found) for found in MARK.finditer(text))


def _mark(found: re.Match[str]) -> Mark:
    kind, digest, length, how = found.groups()
    cut = _CUT.search(how)
    span = (int(cut[1]), int(cut[2])) if cut else None
    return Mark(kind, digest, int(length[:9]), how.partition("[")[0].strip("/"), span)
