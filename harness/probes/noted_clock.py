"""A clock of the target whose settings are noted, so that each exchange tells how much time was skipped before it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from harness.observe import Recorder
from harness.ports import Clock

__all__ = ["NotedClock"]

LEAST = 0.5  # seconds: less is no setting forward, but what the two clocks differ by


@dataclass(frozen=True)
class NotedClock:
    """`clock`, and what it was set forward by in `recorder`; what was really waited needs no note."""

    clock: Clock
    recorder: Recorder

    def now(self, stage: str) -> float:
        return self.clock.now(stage)

    def advance(self, stage: str, seconds: float) -> None:
        """Set it forward or wait, as the target does. Raises NotOffered where it does neither."""
        then, began = self.clock.now(stage), time.monotonic()
        self.clock.advance(stage, seconds)
        skipped = (self.clock.now(stage) - then) - (time.monotonic() - began)
        if skipped >= LEAST:
            self.recorder.skipped = round(self.recorder.skipped + skipped, 3)
