"""The generations of one secret, and what a rotation, its undoing and an emergency make of them. Pure.

A generation is *accepted* from its publication until it ends, and *used* from `used_from` until the next one is: so
whoever verifies knows it before whoever signs uses it, and what was made with it stays good for as long as it may live
(RFC 9700 §2.6, OWASP ASVS 5.0.0 13.3.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Generation:
    """One value of a secret, as its parameter would hold it. Times in seconds since the epoch; None: no end yet."""

    name: str
    value: str = field(repr=False)
    used_from: float
    ends_at: float | None = None

    def ended(self, now: float) -> bool:
        """Say whether it is refused."""
        return self.ends_at is not None and now >= self.ends_at


@dataclass(frozen=True)
class Generations:
    """All generations of one secret that are kept, in the order in which they were made."""

    kept: tuple[Generation, ...]

    def __iter__(self) -> Iterator[Generation]:
        return iter(self.kept)

    def accepted(self, now: float) -> tuple[Generation, ...]:
        """Return those that are good, published ones that are not used yet among them."""
        return tuple(each for each in self.kept if not each.ended(now))

    def current(self, now: float) -> Generation:
        """Return the one to use: the one that began last. Raises LookupError if all have ended."""
        begun = [each for each in self.accepted(now) if each.used_from <= now]
        if not begun:
            raise LookupError("no generation of this secret may be used: rotate it")
        return _latest(begun)

    def rotated(self, name: str, value: str, now: float, lead: float, overlap: float) -> Generations:
        """Add a generation that is used ``lead`` seconds from now; the others end ``overlap`` seconds after that."""
        begins = now + lead
        older = (_ending(each, begins + overlap) for each in self.accepted(now))
        return Generations((*older, Generation(name, value, begins)))

    def replaced(self, name: str, value: str, now: float) -> Generations:
        """Emergency: this generation is used at once, and nothing else is accepted any more."""
        return Generations((Generation(name, value, now),))

    def rolled_back(self, now: float, overlap: float) -> Generations:
        """Undo the last rotation: the generation before is used, at once, for it is still published everywhere.

        What was never used is dropped; what was ends after the overlap. Raises LookupError if there is none to go back
        to.
        """
        begun = [each for each in self.accepted(now) if each.used_from <= now]
        undone = [] if len(begun) < len(self.accepted(now)) else [_latest(begun)]
        earlier = [each for each in begun if each not in undone]
        if not earlier:
            raise LookupError("there is no earlier generation to go back to: it has ended, and stays so")
        back = _latest(earlier)
        kept = [_ending(each, now + overlap) for each in begun if each is not back]
        return Generations((*kept, replace(back, used_from=now, ends_at=None)))


def _latest(begun: Sequence[Generation]) -> Generation:
    """Return the one that began last; of two at once, the one that was made later."""
    return max(enumerate(begun), key=lambda each: (each[1].used_from, each[0]))[1]


def _ending(generation: Generation, at: float) -> Generation:
    """Return the generation with an end no later than this."""
    ends = at if generation.ends_at is None else min(generation.ends_at, at)
    return replace(generation, ends_at=ends)
