"""The parts of the harness that a fault may replace, for the controls about its own evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from harness.faults.registry import Fault

__all__ = ["HarnessParts"]

T = TypeVar("T")


@dataclass(frozen=True)
class HarnessParts:
    """`audit` (the audit function), `attachments` (what redacts attachments) and `writer` (the class of the bundle's
    writer), with these faults in place."""

    faults: tuple[Fault, ...] = ()

    @classmethod
    def of(cls, faults: Iterable[Fault]) -> HarnessParts:
        return cls(tuple(faults))

    def choose(self, name: str, real: T) -> T:
        """The part to use: the real one, or what the faults make of it."""
        chosen = real
        for fault in self.faults:
            if fault.part == name:
                chosen = fault.replacement(chosen)
        return chosen
