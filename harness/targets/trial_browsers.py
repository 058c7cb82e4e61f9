"""Which browser a trial uses: all first trials share one process, each second trial has one of its own."""

from __future__ import annotations

from collections.abc import Callable

from harness.observe import Recorder
from harness.probes.browser import Chromium

__all__ = ["TrialBrowsers"]


class TrialBrowsers:
    """Browsers, started when they are needed. A second trial would confirm little in the process of the first one:
    what that keeps besides the jar (resolved names, connections, TLS sessions, caches) would be the same."""

    def __init__(self, start: Callable[[], Chromium]) -> None:
        self._start = start
        self._first: Chromium | None = None
        self._second: tuple[Recorder, Chromium] | None = None

    def of(self, recorder: Recorder) -> Chromium:
        """The browser for the trial that this scenario is at. That of the last second trial ends when another scenario
        comes to its own. Raises NotHere where none can be started."""
        if recorder.trial == 1:
            self._first = self._first or self._start()
            return self._first
        if self._second is None or self._second[0] is not recorder:
            self._end_second()
            self._second = recorder, self._start()
        return self._second[1]

    def close(self) -> None:
        """End all that run; safe to call twice."""
        first, self._first = self._first, None
        try:
            self._end_second()
        finally:
            if first is not None:
                first.close()

    def _end_second(self) -> None:
        second, self._second = self._second, None
        if second is not None:
            second[1].close()
