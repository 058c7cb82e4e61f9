"""A share of the faults: where one machine has no time for all of them, several try one each, or one tries another
each time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from harness.errors import UsageError

__all__ = ["WHOLE", "Share", "parse_share"]

T = TypeVar("T")
WRITTEN = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})")


@dataclass(frozen=True)
class Share:
    """Share `number` of `count` that all faults are divided into; every fault is in exactly one of them."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def of(self, faults: Mapping[str, T]) -> dict[str, T]:
        """Each `count`th of these faults: those of one control are about as long to try, and are spread so."""
        return dict(islice(sorted(faults.items()), self.number - 1, None, self.count))


WHOLE = Share(1, 1)


def parse_share(text: str) -> Share:
    """`2/4` as a share. Raises UsageError."""
    found = WRITTEN.fullmatch(text)
    share = Share(*map(int, found.groups())) if found else None
    if share is None or share.number > share.count:
        raise UsageError(f"--share: {text!r} is no share of the faults; write one as 1/4, 2/4, 3/4 or 4/4")
    return share
