"""The clock of a target whose time cannot be set: whoever wants it later has to wait."""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.errors import NotOffered

__all__ = ["WallClock"]


class WallClock:
    """Waits, at most `max_wait` seconds at a time. `absent` is why time cannot be set there, where that is declared."""

    def __init__(self, max_wait: float, absent: str = "", sleep: Callable[[float], None] = time.sleep) -> None:
        self._max_wait, self._absent, self._sleep = max_wait, absent, sleep

    def now(self, stage: str) -> float:
        return time.time()

    def advance(self, stage: str, seconds: float) -> None:
        """Wait so long. Raises NotOffered where that is longer than the description allows."""
        if seconds > self._max_wait:
            told = f"{seconds:g} s would have to be waited, and its description allows {self._max_wait:g} s"
            raise NotOffered("clock", f"{self._absent}: {told}" if self._absent else told, bool(self._absent))
        self._sleep(max(0.0, seconds))
