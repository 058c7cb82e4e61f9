"""The clock that every part is given; nothing in the reference reads the time by itself."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Return seconds since the epoch, UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return seconds since the epoch, UTC."""
        return time.time()


class ShiftedClock:
    """A real clock that can be set forward, to see what expires. It still runs; it never goes back."""

    def __init__(self, real: Clock | None = None) -> None:
        self._real: Clock = real or SystemClock()
        self._shift = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return seconds since the epoch, UTC, plus all that was advanced."""
        with self._lock:
            return self._real.now() + self._shift

    def advance(self, seconds: float) -> None:
        """Set the clock forward by ``seconds``. Raises ValueError for a negative number."""
        if seconds < 0:
            raise ValueError(f"a clock only goes forward: cannot advance by {seconds} s")
        with self._lock:
            self._shift += seconds
