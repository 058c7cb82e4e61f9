"""A stage's generations as a running process sees them: read again every half minute, so that none needs a restart.

A key counts as good because nobody is known to have withdrawn it. So a process that never read the generations, or has
not for `OLDEST` seconds, knows no key at all: it answers that it cannot tell now, and takes no withdrawn one for good.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from reference_impl.clock import Clock
from reference_impl.rotation.generations import Generation, Generations
from reference_impl.rotation.policy import OLDEST, RELOAD

__all__ = ["OLDEST", "RELOAD", "GenerationsUnknown", "LiveGenerations"]

_log = logging.getLogger(__name__)
Read = Callable[[], Mapping[str, Generations]]


class GenerationsUnknown(OSError):
    """Which generations are good cannot be told now: none is taken for good, and nothing is refused for ever."""


class LiveGenerations:
    """Generations by secret. Safe for several threads: one of them reads, the others go on with what is known."""

    def __init__(self, read: Read, clock: Clock, every: float = RELOAD, oldest: float = OLDEST) -> None:
        """``read`` may fail: then what is known stays in force until it is ``oldest`` seconds old, and is read for
        again after ``every`` seconds."""
        self._read = read
        self.clock = clock
        self._every, self._oldest = every, oldest
        self._known: Mapping[str, Generations] = {}
        self._asked_at = self._read_at = float("-inf")
        self._reading = threading.Lock()

    @classmethod
    def of_nothing(cls, clock: Clock) -> LiveGenerations:
        """Return one that never has any: every secret is what the configuration says."""
        return cls(dict, clock)

    def load(self) -> None:
        """Read them before anything is served: whoever starts after a rotation knows the older keys too.

        Raises GenerationsUnknown.
        """
        self._reload_if_due()
        self._require_fresh()

    def of(self, secret: str, configured: Generation | None = None) -> Generations:
        """Return the secret's generations; before its first rotation, the one that is configured.

        Raises GenerationsUnknown.
        """
        self.load()
        kept = self._known.get(secret)
        if kept is not None:
            return kept
        return Generations((configured,) if configured else ())

    def now(self) -> float:
        """Return seconds since the epoch, by the stage's clock."""
        return self.clock.now()

    def _is_fresh(self) -> bool:
        return self.now() < self._read_at + self._oldest

    def _is_due(self) -> bool:
        return self.now() >= self._asked_at + self._every

    def _require_fresh(self) -> None:
        if not self._is_fresh():
            raise GenerationsUnknown(
                "the generations of the stage's secrets cannot be read, so no key is good for sure: see to Parameter "
                "Store, and that this role may read the parameters that end in /auth/generations and /auth/event-keys"
            )

    def _reload_if_due(self) -> None:
        fresh = self._is_fresh()
        if fresh and not self._is_due():
            return
        if not self._reading.acquire(blocking=not fresh):  # whoever has nothing to go on with waits for the reader
            return
        try:
            if self._is_due():
                self._asked_at = self.now()
                self._known = self._read()
                self._read_at = self._asked_at
        except Exception:  # noqa: BLE001  # whatever it is: a stage that serves must not fail for a store that does not
            _log.exception("generations could not be read; those known stay in force for %g s at most", self._oldest)
        finally:
            self._reading.release()
