"""How a run that is ended from outside ends: in order, and saying where what it recorded lies."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["a_kill_interrupts"]


@contextmanager
def a_kill_interrupts() -> Iterator[None]:
    """While it lasts, SIGTERM is what Ctrl-C is: the run closes what it opened, and speaks. SIGKILL none can hear."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
