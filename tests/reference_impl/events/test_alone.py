"""The outbox alone, as in somebody's function: nothing but what reference_impl.events names is needed."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from reference_impl.events import (
    OUTBOX_SCHEMA,
    SUBSCRIBER_SCHEMA,
    AuthEvent,
    Consumer,
    Database,
    EventSigner,
    EventType,
    EventVerifier,
    Outbox,
    Publisher,
    Reason,
    Relay,
    Subscriber,
    SystemClock,
)

KEY = ECKey.generate_key("P-256", {"kid": "key-1"})
PRIVATE, PUBLIC = ({name: str(value) for name, value in KEY.as_dict(private=own).items()} for own in (True, False))
ISSUER = "https://id.example.com"


class Bus:
    """What is needed of boto3's client."""

    def __init__(self) -> None:
        self.entries: list[Any] = []

    def put_events(self, *, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803  # AWS's name
        self.entries += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": str(number)} for number in range(len(Entries))]}


class Invocation:
    """One invocation of a function: it opens its file, does its work in one transaction, publishes, and ends."""

    def __init__(self, file: Path, bus: Bus) -> None:
        self.database = Database(file, OUTBOX_SCHEMA, "CREATE TABLE IF NOT EXISTS logins (name TEXT)")
        self.outbox = Outbox(self.database, SystemClock(), EventSigner.of_key(PRIVATE))
        self.relay = Relay(self.outbox, Publisher(bus, "the-bus", "app.prod"))

    def log_in(self, name: str, fails: bool = False) -> None:
        event = AuthEvent(
            EventType.LOGIN,
            event_id=str(uuid.uuid4()),
            occurred_at=SystemClock().now(),
            stage="prod",
            issuer=ISSUER,
            client_id="web",
            reason=Reason.FIRST_LOGIN,
            subject="s" * 24,
            session_ref="r" * 24,
            correlation_id="flow-0001",
        )
        with self.database.transaction() as connection:
            connection.execute("INSERT INTO logins VALUES (?)", (name,))
            self.outbox.add(connection, event)
            if fails:
                raise sqlite3.OperationalError("disk full")


def test_a_change_and_its_event_are_committed_together_and_published_by_a_later_invocation(tmp_path: Path) -> None:
    bus = Bus()
    first = Invocation(tmp_path / "state.sqlite", bus)
    first.log_in("alice")
    first.database.close()  # frozen before it came to publish
    later = Invocation(tmp_path / "state.sqlite", bus)
    assert len(later.relay.publish_all().published) == 1
    assert [entry["DetailType"] for entry in bus.entries] == ["auth.login"]
    assert later.relay.publish_all().published == (), "nothing is published again"
    later.database.close()


def test_who_subscribes_takes_what_was_published_once_and_nothing_that_the_issuer_did_not_sign(tmp_path: Path) -> None:
    bus = Bus()
    invocation = Invocation(tmp_path / "state.sqlite", bus)
    invocation.log_in("alice")
    invocation.relay.publish_all()
    invocation.database.close()
    database = Database(tmp_path / "received.sqlite", SUBSCRIBER_SCHEMA)
    verifier = EventVerifier(lambda: {"keys": [PUBLIC]})
    subscriber = Subscriber(database, Consumer("prod", "app.prod", ISSUER, verifier))
    (entry,) = bus.entries
    detail = json.loads(entry["Detail"])
    envelope = {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail}
    assert not subscriber.receive({**envelope, "detail": {**detail, "metadata": {}}})
    assert [subscriber.receive(envelope) for _ in range(2)] == [True, False]
    assert [event["subject"] for event in subscriber.received()] == ["s" * 24]
    now = SystemClock().now()
    assert [subscriber.forget(at) for at in (now - 600, now + 600)] == [0, 1], "what is older than it is kept for"
    assert subscriber.received() == ()
    database.close()


def test_a_change_that_fails_tells_nothing(tmp_path: Path) -> None:
    bus = Bus()
    invocation = Invocation(tmp_path / "state.sqlite", bus)
    with pytest.raises(sqlite3.OperationalError):
        invocation.log_in("alice", fails=True)
    invocation.relay.publish_all()
    assert bus.entries == []
    invocation.database.close()
