"""Reads auth events as a subscriber should: only those of its issuer and stage, whole, and each once.

The bus delivers at least once, in any order, and from whoever may put events on it. So a consumer verifies who an
event is of before it looks at the rest, refuses what its schema does not have, and drops what it has stored before.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reference_impl.database import Database
from reference_impl.events.fields import UUID, VERSIONS, Field
from reference_impl.events.schema import rfc3339
from reference_impl.events.validation import violations

SCHEMA = """
CREATE TABLE IF NOT EXISTS received_events (
    event_id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    session_ref TEXT,
    seq INTEGER,
    properties TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS received_of_session ON received_events (session_ref, seq);
"""

_log = logging.getLogger(__name__)

Verifies = Callable[[Mapping[str, object], Mapping[str, object]], bool]


class Refused(Exception):
    """An event that is not taken. ``reason`` is of a fixed list: nothing of the event is in it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Consumer:
    """Takes the events of one issuer. ``source``: ``<app>.<stage>``; ``verify``: see authenticity.py."""

    stage: str
    source: str
    issuer: str
    verify: Verifies

    def read(self, envelope: Mapping[str, object]) -> Mapping[str, object]:
        """Return the properties of an event as EventBridge delivers it. Raises Refused."""
        detail = envelope.get("detail")
        properties, metadata = (
            (detail.get("properties"), detail.get("metadata")) if isinstance(detail, Mapping) else (None, None)
        )
        if not isinstance(properties, Mapping) or not isinstance(metadata, Mapping):
            raise Refused("it is not in SST's form")
        self.check_origin(envelope, properties)
        self.check_signature(properties, metadata)
        if violations(envelope.get("detail-type"), properties, VERSIONS):
            raise Refused("it is not valid in any version that is known here")
        return properties

    def check_origin(self, envelope: Mapping[str, object], properties: Mapping[str, object]) -> None:
        """Refuse what says that it is of another source, stage or issuer."""
        if envelope.get("source") != self.source:
            raise Refused("it is of another source")
        if properties.get("stage") != self.stage:
            raise Refused("it is of another stage, or of none")
        if properties.get("issuer") != self.issuer:
            raise Refused("it is of another issuer")

    def check_signature(self, properties: Mapping[str, object], metadata: Mapping[str, object]) -> None:
        """Refuse what only says that it is of this issuer."""
        if not self.verify(properties, metadata):
            raise Refused("the issuer did not sign it")


class Subscriber:
    """Stores what its consumer takes, each event once, and logs what it refuses."""

    def __init__(self, database: Database, consumer: Consumer) -> None:
        self._database = database
        self._consumer = consumer

    def receive(self, envelope: Mapping[str, object]) -> bool:
        """Take one delivery; say whether it was a new event. A delivery again, or a replay of an archive, is none."""
        try:
            properties = self._consumer.read(envelope)
        except Refused as refused:
            _report(refused, envelope)
            return False
        row = [properties.get(name) for name in ("event_id", "type", "session_ref", "seq")]
        with self._database.transaction() as connection:
            sql = "INSERT OR IGNORE INTO received_events VALUES (?, ?, ?, ?, ?)"
            return connection.execute(sql, (*row, json.dumps(dict(properties)))).rowcount == 1

    def forget(self, before: float) -> int:
        """Remove what happened before then, seconds since the epoch (fields.py: 90 days); return how many events. What
        an archive replays of that time is taken as new."""
        old = "DELETE FROM received_events WHERE json_extract(properties, '$.occurred_at') < ?"
        with self._database.transaction() as connection:
            return connection.execute(old, (rfc3339(before),)).rowcount

    def received(self) -> tuple[Mapping[str, object], ...]:
        """Return what was taken: each session's events in the order in which they happened, whatever came first."""
        sql = "SELECT properties FROM received_events ORDER BY session_ref, seq, event_id"
        with self._database.reading() as connection:
            return tuple(json.loads(row["properties"]) for row in connection.execute(sql))


def _report(refused: Refused, envelope: Mapping[str, object]) -> None:
    """Log a refusal, for an operator to look into: an id of the bus, and nothing that the sender chose."""
    bus_id = envelope.get("id")
    told = bus_id if Field("", UUID).accepts(bus_id) else "without an id"
    fields = {"record": "event-refused", "reason": refused.reason, "bus_id": told}
    _log.warning("an event was refused (%s): %s", told, refused.reason, extra={"fields": fields})
