"""Records occurrences: has their event built and puts it into the outbox, in the transaction of what occurred."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from reference_impl.clock import Clock
from reference_impl.database import Database
from reference_impl.events.builder import EventBuilder
from reference_impl.events.occurrences import Occurrence, RefreshFailed
from reference_impl.events.outbox import Outbox
from reference_impl.events.schema import Reason

SCHEMA = """
CREATE TABLE IF NOT EXISTS malformed_refreshes (
    client_id TEXT PRIMARY KEY,
    reported_at REAL NOT NULL,
    unreported INTEGER NOT NULL
);
"""
MALFORMED_INTERVAL = 60.0  # seconds between two events on malformed tokens of one client

_COUNT = (
    "INSERT INTO malformed_refreshes VALUES (?, 0, 1) ON CONFLICT (client_id) DO UPDATE SET unreported = unreported + 1"
)
_OVERDUE = "SELECT client_id, unreported FROM malformed_refreshes WHERE unreported > 0 AND reported_at + ? <= ?"
_REPORTED = "UPDATE malformed_refreshes SET reported_at = ?, unreported = 0 WHERE client_id = ?"


@dataclass(frozen=True)
class EventRecorder:
    """The issuer's way to its events."""

    builder: EventBuilder
    outbox: Outbox
    clock: Clock

    def record(self, connection: sqlite3.Connection, occurrence: Occurrence) -> None:
        """Record the occurrence in the caller's transaction: its event is published if that commits, and only then."""
        if isinstance(occurrence, RefreshFailed) and occurrence.reason is Reason.MALFORMED:
            connection.execute(_COUNT, (occurrence.client_id,))
            self._report_malformed(connection)
        else:
            self._add(connection, occurrence)

    def report_overdue(self, database: Database) -> None:
        """Record what malformed tokens were counted after their client's last event, once its interval is over."""
        with database.reading() as connection:
            overdue = self._overdue(connection)
        if overdue:  # else there is no reason to keep other writers out
            with database.transaction() as connection:
                self._report_malformed(connection)

    def _report_malformed(self, connection: sqlite3.Connection) -> None:
        """Record one event with the count for each client that had none within the interval.

        Anybody can present garbage, as often as he likes: it must not flood the bus.
        """
        for client_id, count in self._overdue(connection):
            connection.execute(_REPORTED, (self.clock.now(), client_id))
            self._add(connection, RefreshFailed(client_id, Reason.MALFORMED, count=count))

    def _overdue(self, connection: sqlite3.Connection) -> list[tuple[str, int]]:
        rows = connection.execute(_OVERDUE, (MALFORMED_INTERVAL, self.clock.now()))
        return [(row["client_id"], row["unreported"]) for row in rows]

    def _add(self, connection: sqlite3.Connection, occurrence: Occurrence) -> None:
        event = self.builder.build(occurrence)
        if event is not None:
            self.outbox.add(connection, event)
