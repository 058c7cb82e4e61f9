"""What can be said of many secrets of one kind: how alike they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.observations import SecretSample

__all__ = ["sample_of"]


def sample_of(case: str, what: str, found: Sequence[str], **about: str) -> SecretSample:
    """The sample that these secrets are. `about` is told the length of the prefix that all have."""
    shortest = min(map(len, found))
    positions = [len({secret[position] for secret in found}) for position in range(shortest)]
    return SecretSample(
        case=case,
        about={**about, "prefix": str(_alike(positions))},
        what=what,
        count=len(found),
        distinct=len(set(found)),
        shortest=shortest,
        bits=round(sum(map(math.log2, positions)), 1),
    )


def _alike(positions: Sequence[int]) -> int:
    """How many characters from the first on are the same in all."""
    return next((number for number, kinds in enumerate(positions) if kinds > 1), len(positions))
