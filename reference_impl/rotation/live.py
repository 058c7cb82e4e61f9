"""A stage's generations as a running process sees them: read again every half minute, so that none needs a restart."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from reference_impl.clock import Clock
from reference_impl.rotation.generations import Generation, Generations
from reference_impl.rotation.policy import RELOAD

__all__ = ["RELOAD", "LiveGenerations"]

_log = logging.getLogger(__name__)
Read = Callable[[], Mapping[str, Generations]]


class LiveGenerations:
    """Generations by secret. Safe for several threads: one of them reads, the others go on with what is known."""

    def __init__(self, read: Read, clock: Clock, every: float = RELOAD) -> None:
        """``read`` may fail: then what is known stays in force, and is read for again after ``every`` seconds."""
        self._read = read
        self.clock = clock
        self._every = every
        self._known: Mapping[str, Generations] = {}
        self._asked_at = float("-inf")
        self._reading = threading.Lock()

    @classmethod
    def of_nothing(cls, clock: Clock) -> LiveGenerations:
        """Return one that never has any: every secret is what the configuration says."""
        return cls(dict, clock, float("inf"))

    def of(self, secret: str, configured: Generation | None = None) -> Generations:
        """Return the secret's generations; before its first rotation, the one that is configured."""
        self._reload_if_due()
        kept = self._known.get(secret)
        if kept is not None:
            return kept
        return Generations((configured,) if configured else ())

    def now(self) -> float:
        """Return seconds since the epoch, by the stage's clock."""
        return self.clock.now()

    def _reload_if_due(self) -> None:
        if self.now() < self._asked_at + self._every or not self._reading.acquire(blocking=False):
            return
        try:
            if self.now() >= self._asked_at + self._every:
                self._asked_at = self.now()
                self._known = self._read()
        except Exception:  # noqa: BLE001  # whatever it is: a stage that serves must not fail for a store that does not
            _log.exception("generations could not be read; those known stay in force")
        finally:
            self._reading.release()
