"""The transactional outbox: an event is stored with the change that it reports, and published afterwards.

Whatever was committed is published at least once, also after the process was killed; consumers drop repetitions by
``event_id``. Rows of settled events stay: their keys keep the same event from being published twice, and they say how
far a session's ``seq`` has come.

During an outage of the bus the outbox is the buffer. It holds at most ``limit`` pending events; then the oldest are
kept, which tell how it began, and what comes on top is not stored, but counted by type, with an alarm. The change that
it reports goes through all the same: no login ever fails for the sake of its event.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reference_impl.clock import Clock
from reference_impl.database import Database, connection_of
from reference_impl.events.schema import AuthEvent, Properties, detail_of
from reference_impl.events.validation import require_valid

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    dedup_key TEXT UNIQUE,
    session_ref TEXT,
    seq INTEGER,
    type TEXT NOT NULL,
    detail TEXT NOT NULL,
    settled_at REAL,
    outcome TEXT CHECK (outcome IN ('published', 'dead')),
    UNIQUE (session_ref, seq)
);
CREATE INDEX IF NOT EXISTS outbox_pending ON outbox (position) WHERE settled_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_pending_of_session ON outbox (session_ref, position) WHERE settled_at IS NULL;
CREATE TABLE IF NOT EXISTS dead_letters (
    event_id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    detail TEXT NOT NULL,
    code TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    died_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox_overflow (
    type TEXT PRIMARY KEY,
    count INTEGER NOT NULL
);
"""
LIMIT = 100_000  # pending events; about 100 MB

# What may be sent next: of each session only its oldest event, so that a later one never overtakes one that failed.
_NEXT = """
SELECT event_id, type, detail FROM outbox WHERE settled_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM outbox AS earlier WHERE earlier.session_ref = outbox.session_ref
    AND earlier.settled_at IS NULL AND earlier.position < outbox.position
) ORDER BY position LIMIT ?
"""

_log = logging.getLogger(__name__)

Signs = Callable[[Properties], Mapping[str, str]]


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

    def __init__(self, database: Database, clock: Clock, sign: Signs = lambda _: {}, limit: int = LIMIT) -> None:
        """``sign`` returns an event's metadata (authenticity.py); ``limit``: how many events may be pending."""
        self._database = database
        self._clock = clock
        self._sign = sign
        self.limit = limit
        self._changed = threading.Condition()
        self._version = 0  # counts commits, so that no wake-up is lost between looking and waiting
        database.after_commit(self.wake)

    # `Any`: a transaction is the store's own, and this module knows none but the connection.
    def add(self, state: Any, event: AuthEvent) -> bool:
        """Store the event in the caller's transaction, a connection or what has one as ``connection``.

        False if one with the same key is there already, or the outbox is full. Raises InvalidEvent for what the schema
        does not have.
        """
        connection = connection_of(state)
        if event.dedup_key is not None and _has_key(connection, event.dedup_key):
            return False
        if not self._has_room(connection):
            self._overflow(connection, event)
            return False
        seq = _next_seq(connection, event.session_ref) if event.session_ref is not None else None
        detail = self.render(event, seq, self._clock.now())
        connection.execute(
            "INSERT INTO outbox (event_id, dedup_key, session_ref, seq, type, detail) VALUES (?, ?, ?, ?, ?, ?)",
            (event.event_id, event.dedup_key, event.session_ref, seq, event.type, detail),
        )
        return True

    def render(self, event: AuthEvent, seq: int | None, recorded_at: float) -> str:
        """Return the Detail that is stored, and published unchanged however often. Raises InvalidEvent."""
        properties = event.properties(seq, recorded_at)
        require_valid(event.type, properties)
        return detail_of(properties, self._sign(properties))

    def pending(self, limit: int = -1) -> tuple[Message, ...]:
        """Return what is not published yet, oldest first; at most ``limit`` (-1: all)."""
        sql = "SELECT event_id, type, detail FROM outbox WHERE settled_at IS NULL ORDER BY position LIMIT ?"
        with self._database.reading() as connection:
            return tuple(Message(*row) for row in connection.execute(sql, (limit,)))

    def next_batch(self, limit: int) -> tuple[Message, ...]:
        """Return what may be sent now, oldest first: of each session the oldest pending event alone."""
        with self._database.reading() as connection:
            return tuple(Message(*row) for row in connection.execute(_NEXT, (limit,)))

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """Return what waits for somebody to redeliver it, oldest first."""
        sql = "SELECT event_id, type, detail, code, attempts FROM dead_letters ORDER BY died_at"
        with self._database.reading() as connection:
            return tuple(DeadLetter(Message(*row[:3]), row[3], row[4]) for row in connection.execute(sql))

    def overflow(self) -> Mapping[str, int]:
        """Return how many events of each type were not stored because the outbox was full."""
        with self._database.reading() as connection:
            return dict(connection.execute("SELECT type, count FROM outbox_overflow").fetchall())

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

    def _has_room(self, connection: sqlite3.Connection) -> bool:
        """Positions only grow, so that most of the time their span says enough and nothing is counted."""
        span = "SELECT 1 + max(position) - min(position) FROM outbox WHERE settled_at IS NULL"
        if (connection.execute(span).fetchone()[0] or 0) < self.limit:
            return True
        pending = connection.execute("SELECT count(*) FROM outbox WHERE settled_at IS NULL").fetchone()[0]
        return bool(pending < self.limit)

    def _overflow(self, connection: sqlite3.Connection, event: AuthEvent) -> None:
        connection.execute(
            "INSERT INTO outbox_overflow VALUES (?, 1) ON CONFLICT (type) DO UPDATE SET count = count + 1",
            (event.type,),
        )
        _log.error(
            "the outbox is full: %d events wait for the bus and are kept; %s %s is counted and not stored",
            self.limit,
            event.type,
            event.event_id,
        )


def _has_key(connection: sqlite3.Connection, key: str) -> bool:
    return connection.execute("SELECT 1 FROM outbox WHERE dedup_key = ?", (key,)).fetchone() is not None


def _next_seq(connection: sqlite3.Connection, session_ref: str) -> int:
    """One more than the session's last; the caller's transaction keeps every other writer out."""
    found = connection.execute("SELECT max(seq) FROM outbox WHERE session_ref = ?", (session_ref,)).fetchone()
    return int(found[0] or 0) + 1
