"""What a stage forgets by itself, and when: one entry for each kind of row, with the reason for its age."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from reference_impl.clock import Clock
from reference_impl.database import Database

DAY = 86_400.0
EVERY = 3600.0  # seconds between two sweeps
AT_ONCE = 500  # rows of one transaction, so that nobody waits long for it

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """Rows of one table. ``kept``: seconds after the time in the column ``since``; ``with_``: a table whose rows hang
    on these by the same key, and go before them."""

    table: str
    key: str
    since: str
    kept: float
    reason: str
    only: str = "1"
    with_: str = ""


RETENTION = (
    Kind("logins", "fingerprint", "began_at", DAY, "a login page ends within an hour, whatever is configured"),
    Kind("codes", "fingerprint", "issued_at", 60 * DAY, "a replay ends the session that came of it; it lives 30 days"),
    Kind(
        "grants", "session_id", "began_at", 60 * DAY,
        "a session lives 30 days; reuse of its tokens is told as such for as long again", with_="refresh_tokens",
    ),
    Kind("correlation_ids", "correlation_id", "taken_at", 31 * DAY, "no flow's identifier returns while it may live"),
    Kind(
        "outbox", "event_id", "settled_at", 60 * DAY,
        "its key and seq count as long as its session is known; dead letters wait for an operator",
        only="outcome = 'published'",
    ),
    Kind("dpop_proofs", "fingerprint", "forget_at", 0.0, "from then on a proof is refused for its age"),
)  # fmt: skip


class Sweep:
    """Removes what is too old, at most once in `EVERY` seconds. Accounts and notes are removed by erasure alone."""

    def __init__(self, database: Database, clock: Clock, finish_erasures: Callable[[], None] = lambda: None) -> None:
        """``finish_erasures`` completes those that an earlier process began."""
        self._database, self._clock, self._finish_erasures = database, clock, finish_erasures
        self._swept_at = float("-inf")

    def __call__(self) -> None:
        """Sweep if it is time to. A failure is logged, and tried again at the next time: nothing else waits for it."""
        if self._clock.now() < self._swept_at + EVERY:
            return
        self._swept_at = self._clock.now()
        try:
            self._finish_erasures()
            for kind in RETENTION:
                self.sweep(kind)
        except Exception:  # noqa: BLE001  # whatever it is: events are carried on by the same thread
            _log.exception("what is too old could not be removed; it is tried again")

    def sweep(self, kind: Kind) -> int:
        """Remove what is too old of one kind; return how many rows that were. Raises sqlite3.Error."""
        before, removed = self._clock.now() - kind.kept, 0
        old = f"SELECT {kind.key} FROM {kind.table} WHERE {kind.since} < ? AND {kind.only} LIMIT {AT_ONCE}"
        while True:
            with self._database.reading() as connection:  # a search keeps no writer out
                keys = [(row[0],) for row in connection.execute(old, (before,))]
            if not keys:
                return removed
            with self._database.transaction() as connection:
                for table in filter(None, (kind.with_, kind.table)):
                    connection.executemany(f"DELETE FROM {table} WHERE {kind.key} = ?", keys)
            removed += len(keys)
