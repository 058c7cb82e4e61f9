"""Whether somebody else is answered while a stimulus lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["measured"]

LOOKS_BEFORE = 5
MOST = 100  # looks while it lasts
PAUSE = 0.05  # seconds between two looks


def measured(look: Callable[[], object], stimulus: Callable[[], object]) -> tuple[list[float], list[float], float]:
    """The seconds that each look took before the stimulus, and while it lasted, and how long it lasted. A look that is
    under way at its end counts; `look` is called from a thread of its own."""
    before = [_timed(look) for _ in range(LOOKS_BEFORE)]
    ended, during = threading.Event(), list[float]()

    def go_on_looking() -> None:
        while not ended.wait(PAUSE) and len(during) < MOST:
            during.append(_timed(look))

    looking = threading.Thread(target=go_on_looking, daemon=True)
    looking.start()
    seconds = _timed(stimulus)
    ended.set()
    looking.join()
    return before, during, seconds


def _timed(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return round(time.monotonic() - began, 3)
