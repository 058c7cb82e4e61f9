"""What an audit found that does not hold."""

from __future__ import annotations

import functools
from dataclasses import dataclass

__all__ = ["Breach"]


@functools.total_ordering
@dataclass(frozen=True)
class Breach:
    """One thing that does not hold, at a file or `file:line`. Ordered by file and line."""

    kind: str
    place: str
    detail: str

    def __lt__(self, other: Breach) -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[str, int, str, str]:
        file, _, line = self.place.rpartition(":")
        if not file or not line.isascii() or not line.isdigit():
            return self.place, 0, self.kind, self.detail
        return file, int(line[:9]), self.kind, self.detail
