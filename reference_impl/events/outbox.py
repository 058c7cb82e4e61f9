"""The transactional outbox: an event is stored with the change that it reports, and published afterwards.

Whatever was committed is published at least once, also after the process was killed; consumers drop repetitions by
``event_id``. Rows of settled events stay: their keys keep the same event from being published twice.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from reference_impl.clock import Clock
from reference_impl.database import Database
from reference_impl.events.schema import AuthEvent
from reference_impl.issuer.sqlite_state import connection_of
from reference_impl.issuer.state import IssuerState

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    dedup_key TEXT UNIQUE,
    type TEXT NOT NULL,
    detail TEXT NOT NULL,
    settled_at REAL,
    outcome TEXT CHECK (outcome IN ('published', 'dead'))
);
CREATE INDEX IF NOT EXISTS outbox_pending ON outbox (position) WHERE settled_at IS NULL;
CREATE TABLE IF NOT EXISTS dead_letters (
    event_id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    detail TEXT NOT NULL,
    code TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    died_at REAL NOT NULL
);
"""


@dataclass(frozen=True)
class Message:
    """An event as it goes onto the bus."""

    event_id: str
    type: str
    detail: str


@dataclass(frozen=True)
class DeadLetter:
    """A message that the bus refused for good, or too often. ``code``: the bus's error code."""

    message: Message
    code: str
    attempts: int


class Outbox:
    """The stage's outbox. Messages leave it published or as dead letters, never silently."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._changed = threading.Condition()
        self._version = 0  # counts commits, so that no wake-up is lost between looking and waiting
        database.after_commit(self.wake)

    def add(self, state: IssuerState | sqlite3.Connection, event: AuthEvent) -> bool:
        """Store the event in the caller's transaction; False if one with the same key is there already."""
        row = (event.event_id, event.dedup_key, event.type, event.detail())
        sql = "INSERT OR IGNORE INTO outbox (event_id, dedup_key, type, detail) VALUES (?, ?, ?, ?)"
        return connection_of(state).execute(sql, row).rowcount == 1

    def pending(self, limit: int = -1) -> tuple[Message, ...]:
        """Return what is not published yet, oldest first; at most ``limit`` (-1: all)."""
        sql = "SELECT event_id, type, detail FROM outbox WHERE settled_at IS NULL ORDER BY position LIMIT ?"
        with self._database.reading() as connection:
            return tuple(Message(*row) for row in connection.execute(sql, (limit,)))

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """Return what waits for somebody to redeliver it, oldest first."""
        sql = "SELECT event_id, type, detail, code, attempts FROM dead_letters ORDER BY died_at"
        with self._database.reading() as connection:
            return tuple(DeadLetter(Message(*row[:3]), row[3], row[4]) for row in connection.execute(sql))

    def settle(self, published: Iterable[str], dead: Iterable[DeadLetter]) -> None:
        """Record what became of a batch: ids that the bus accepted, letters that it will not take."""
        now = self._clock.now()
        mark = "UPDATE outbox SET settled_at = ?, outcome = ? WHERE event_id = ?"
        with self._database.transaction() as connection:
            connection.executemany(mark, [(now, "published", event_id) for event_id in published])
            for letter in dead:
                message = letter.message
                connection.execute(mark, (now, "dead", message.event_id))
                connection.execute(
                    "INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?, ?, ?)",
                    (message.event_id, message.type, message.detail, letter.code, letter.attempts, now),
                )

    def redeliver(self) -> int:
        """Put the dead letters back among the pending, with the same ids; return how many."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE outbox SET settled_at = NULL, outcome = NULL WHERE outcome = 'dead'")
            return connection.execute("DELETE FROM dead_letters").rowcount

    def wake(self) -> None:
        """Wake whoever waits for a change."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def version(self) -> int:
        """Return a number that grows with every commit; read it before looking, wait on it after."""
        with self._changed:
            return self._version

    def wait_for_change(self, seen: int, timeout: float) -> None:
        """Wait until something changed since version ``seen``, at most ``timeout`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != seen, timeout)

    def wait_until_drained(self, timeout: float) -> bool:
        """Wait until nothing is pending, at most ``timeout`` seconds; say whether that is so."""
        deadline = time.monotonic() + timeout
        while True:
            seen = self.version()
            if not self.pending(1):
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.wait_for_change(seen, left)
