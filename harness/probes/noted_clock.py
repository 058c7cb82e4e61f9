"""Clocks of the target whose settings are noted, so that each exchange tells how much its stage had skipped before."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from harness.observe import Recorder
from harness.ports import Clock

__all__ = ["NotedClock"]

LEAST = 0.5  # seconds: less is no setting forward, but what the two clocks differ by


@dataclass(frozen=True)
class NotedClock:
    """`clock`, and what it was set forward by in `recorder`, for each of the `stages`, which may share one; what was
    really waited needs no note."""

    clock: Clock
    recorder: Recorder
    stages: Sequence[str]

    def now(self, stage: str) -> float:
        return self.clock.now(stage)

    def advance(self, stage: str, seconds: float) -> None:
        """Set it forward or wait, as the target does. Raises NotOffered where it does neither."""
        then, began = self._times(), time.monotonic()
        self.clock.advance(stage, seconds)
        waited, noted = time.monotonic() - began, self.recorder.skipped
        for each, now in self._times().items():
            if (skipped := now - then[each] - waited) >= LEAST:
                noted[each] = round(noted.get(each, 0.0) + skipped, 3)

    def _times(self) -> dict[str, float]:
        return {stage: self.clock.now(stage) for stage in self.stages}
