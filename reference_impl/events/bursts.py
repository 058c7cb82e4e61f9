"""Alerts on bursts of failed refreshes: the counter behind an EventBridge rule, shared by all who evaluate it.

So many failures of one account or at one client within the window raise one alert, and the burst goes on without a
second for an hour; a token that was used twice raises one at once (ASVS 5.0.0 16.4.3). Failures are counted in the
database and by the time at which they occurred: a burst that is spread over many instances, delivered late, twice or in
any order, is the same. Noise at a client hides no burst on an account there: the narrowest count that is full decides.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from reference_impl.database import Database
from reference_impl.events.fields import EventType, Reason

SCHEMA = """
CREATE TABLE IF NOT EXISTS counted_failures (
    event_id TEXT NOT NULL,
    key TEXT NOT NULL,
    occurred_at REAL NOT NULL,
    count INTEGER NOT NULL,
    correlation_id TEXT,
    PRIMARY KEY (event_id, key)
);
CREATE INDEX IF NOT EXISTS counted_failures_of ON counted_failures (key, occurred_at);
CREATE TABLE IF NOT EXISTS known_bursts (
    key TEXT NOT NULL,
    first_at REAL NOT NULL,
    last_at REAL NOT NULL,
    PRIMARY KEY (key, first_at)
);
"""
COUNT, WINDOW = 10, 300.0  # failures, seconds
AGAIN = 3600.0  # seconds after which a burst that goes on is told again
NAMED = 20  # events and flows that an alert names at most

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alert:
    """What an operator is told: where, how many, and by which flows and events it can be looked into. Nobody's name,
    and not his pseudonym either."""

    rule: str  # refresh_failures or token_reuse
    stage: str
    dimension: str  # what the failures have in common: subject, client or session
    count: int
    window_seconds: float
    correlation_ids: tuple[str, ...]
    event_ids: tuple[str, ...]


def log_alert(alert: Alert) -> None:
    """Raise the alert in the log, as one line of JSON."""
    _log.error("%s", json.dumps({"record": "alert", **vars(alert)}))


@dataclass(frozen=True)
class BurstAlarm:
    """Counts the failures of one stage. ``sink`` takes each alert; ``count`` failures within ``window`` seconds."""

    database: Database
    stage: str
    sink: Callable[[Alert], None] = log_alert
    count: int = COUNT
    window: float = WINDOW

    def receive(self, properties: Mapping[str, object]) -> None:
        """Count one event that a consumer took; an event that was counted before, or of another stage, is none."""
        if properties.get("type") != EventType.REFRESH_FAILED or properties.get("stage") != self.stage:
            return
        with self.database.transaction() as connection:
            alert = self.judge(connection, properties)
        if alert is not None:
            self.sink(alert)

    def forget(self, before: float) -> int:
        """Remove what was counted before then, seconds since the epoch; return how many rows."""
        with self.database.transaction() as connection:
            connection.execute("DELETE FROM known_bursts WHERE last_at < ?", (before,))
            return connection.execute("DELETE FROM counted_failures WHERE occurred_at < ?", (before,)).rowcount

    def judge(self, connection: sqlite3.Connection, properties: Mapping[str, object]) -> Alert | None:
        """Return the alert that the event raises, if it does."""
        at = datetime.fromisoformat(str(properties["occurred_at"])).timestamp()
        keys = keys_of(properties)
        if not all(_count(connection, key, at, properties) for key in keys):
            return None
        if properties.get("reason") == Reason.REUSE_DETECTED:
            reused = f"session:{properties['session_ref']}"
            _count(connection, reused, at, properties)
            return self.alert(connection, "token_reuse", [reused], at)
        full = [key for key in keys if self.fullest(connection, key, at)[1] >= self.count]
        return self.alert(connection, "refresh_failures", full, at) if full else None

    def fullest(self, connection: sqlite3.Connection, key: str, at: float) -> tuple[float, int]:
        """Return the end of the window around ``at`` with the most failures of the key, and how many these are. Where
        the burst is known, it need not be looked for: it ends at ``at`` then."""
        if self._goes_on(connection, key, at):
            return at, self.count
        ends = "SELECT occurred_at FROM counted_failures WHERE key = ? AND occurred_at >= ? AND occurred_at < ?"
        counted = "SELECT total(count) FROM counted_failures WHERE key = ? AND occurred_at > ? AND occurred_at <= ?"
        found = [(at, 0)]
        for (end,) in connection.execute(ends, (key, at, at + self.window)).fetchall():
            found.append((end, int(connection.execute(counted, (key, end - self.window, end)).fetchone()[0])))
        return max(found, key=lambda window: window[1])

    def alert(self, connection: sqlite3.Connection, rule: str, keys: list[str], at: float) -> Alert | None:
        """Return the alert, unless the burst of the first key is known already."""
        is_known = self._goes_on(connection, keys[0], at)
        told = None if is_known else self._describe(connection, rule, keys[0], at)
        for key in keys:
            self._mark(connection, key, at)
        return told

    def _goes_on(self, connection: sqlite3.Connection, key: str, at: float) -> bool:
        """Say whether ``at`` lies in or beside a burst of the key that was told, and not too long ago."""
        near = "SELECT 1 FROM known_bursts WHERE key = ? AND first_at - ? < ? AND last_at + ? > ? AND first_at + ? > ?"
        times = (self.window, at, self.window, at, AGAIN, at)
        return connection.execute(near, (key, *times)).fetchone() is not None

    def _mark(self, connection: sqlite3.Connection, key: str, at: float) -> None:
        """Keep that the burst of the key reaches to ``at``."""
        if not self._goes_on(connection, key, at):
            connection.execute("INSERT OR IGNORE INTO known_bursts VALUES (?, ?, ?)", (key, at, at))
            return
        reached = "key = ? AND first_at - ? < ? AND last_at + ? > ?"
        longer = f"UPDATE known_bursts SET last_at = max(last_at, ?) WHERE {reached}"
        connection.execute(longer, (at, key, self.window, at, self.window, at))

    def _describe(self, connection: sqlite3.Connection, rule: str, key: str, at: float) -> Alert:
        end, count = self.fullest(connection, key, at)
        named = "SELECT event_id, correlation_id FROM counted_failures WHERE key = ? AND occurred_at > ?"
        sql = f"{named} AND occurred_at <= ? ORDER BY occurred_at"
        rows = connection.execute(sql, (key, end - self.window, end)).fetchall()
        flows = dict.fromkeys(row["correlation_id"] for row in rows if row["correlation_id"])
        return Alert(
            rule,
            self.stage,
            key.partition(":")[0],
            count,
            self.window,
            tuple(flows)[-NAMED:],
            tuple(row["event_id"] for row in rows)[-NAMED:],
        )


def keys_of(properties: Mapping[str, object]) -> list[str]:
    """Return what a failure is counted under, the narrowest first."""
    named = {"subject": properties.get("subject"), "client": properties.get("client_id")}
    return [f"{dimension}:{value}" for dimension, value in named.items() if value is not None]


def _count(connection: sqlite3.Connection, key: str, at: float, properties: Mapping[str, object]) -> bool:
    """Count the event under a key; False if it was counted before."""
    row = (properties["event_id"], key, at, properties.get("count", 1), properties.get("correlation_id"))
    return connection.execute("INSERT OR IGNORE INTO counted_failures VALUES (?, ?, ?, ?, ?)", row).rowcount == 1
