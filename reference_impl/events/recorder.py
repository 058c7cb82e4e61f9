"""Records occurrences: has their event built and puts it into the outbox, in the transaction of what occurred."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace

from reference_impl.clock import Clock
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


@dataclass(frozen=True)
class EventRecorder:
    """The issuer's way to its events."""

    builder: EventBuilder
    outbox: Outbox
    clock: Clock

    def record(self, connection: sqlite3.Connection, occurrence: Occurrence) -> None:
        """Record the occurrence in the caller's transaction: its event is published if that commits, and only then."""
        if isinstance(occurrence, RefreshFailed) and occurrence.reason is Reason.MALFORMED:
            count = self._count_malformed(connection, occurrence.client_id)
            if count is None:
                return
            occurrence = replace(occurrence, count=count)
        event = self.builder.build(occurrence)
        if event is not None:
            self.outbox.add(connection, event)

    def _count_malformed(self, connection: sqlite3.Connection, client_id: str) -> int | None:
        """Return how many malformed tokens an event would report; None if one was reported within the interval.

        Anybody can present garbage, as often as he likes: it must not flood the bus.
        """
        now = self.clock.now()
        row = connection.execute(
            "INSERT INTO malformed_refreshes VALUES (?, 0, 1) "
            "ON CONFLICT (client_id) DO UPDATE SET unreported = unreported + 1 RETURNING reported_at, unreported",
            (client_id,),
        ).fetchone()
        if now < row["reported_at"] + MALFORMED_INTERVAL:
            return None
        sql = "UPDATE malformed_refreshes SET reported_at = ?, unreported = 0 WHERE client_id = ?"
        connection.execute(sql, (now, client_id))
        return int(row["unreported"])
