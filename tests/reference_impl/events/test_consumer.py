"""The subscriber: it believes the issuer alone, and stores each event once, in order."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from reference_impl.clock import SystemClock
from reference_impl.database import Database
from reference_impl.events import (
    OUTBOX_SCHEMA,
    SUBSCRIBER_SCHEMA,
    AuthEvent,
    Consumer,
    EventSigner,
    EventType,
    EventVerifier,
    Outbox,
    Reason,
    Subscriber,
)

ISSUER = "https://auth.dev.localhost"


def new_key() -> dict[str, str]:
    return {**ECKey.generate_key("P-256").as_dict(private=True), "kid": "key-1"}  # type: ignore[dict-item]


KEY, FOREIGN = new_key(), new_key()
PUBLISHED = {"keys": [{name: KEY[name] for name in ("kty", "crv", "x", "y", "kid")}]}


def event(type_: EventType = EventType.LOGIN, reason: Reason = Reason.FIRST_LOGIN, **changes: Any) -> AuthEvent:
    of_session = {"subject": "s" * 24, "session_ref": "r" * 24, "correlation_id": "flow-0001"}
    return AuthEvent(
        type_, str(uuid.uuid4()), 0.0, changes.pop("stage", "dev"), ISSUER, "web", reason, **{**of_session, **changes}
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "events.sqlite", OUTBOX_SCHEMA, SUBSCRIBER_SCHEMA)
    yield database
    database.close()


@pytest.fixture
def subscriber(database: Database) -> Subscriber:
    return Subscriber(database, Consumer("dev", "app.dev", ISSUER, EventVerifier(lambda: PUBLISHED)))


def delivered(database: Database, *events: AuthEvent, key: dict[str, str] = KEY) -> list[dict[str, Any]]:
    """The events as EventBridge would deliver them."""
    box = Outbox(database, SystemClock(), EventSigner.of_key(key))
    with database.transaction() as connection:
        for one in events:
            assert box.add(connection, one)
    mine = {one.event_id for one in events}
    return [
        {"id": str(uuid.uuid4()), "source": "app.dev", "detail-type": m.type, "detail": json.loads(m.detail)}
        for m in box.pending()
        if m.event_id in mine
    ]


def test_an_event_of_the_issuer_is_taken_once_however_often_it_is_delivered(
    database: Database, subscriber: Subscriber
) -> None:
    (envelope,) = delivered(database, event())
    assert [subscriber.receive(envelope), subscriber.receive({**envelope, "replay-name": "again"})] == [True, False]
    assert [one["type"] for one in subscriber.received()] == ["auth.login"]


def test_the_order_of_a_session_is_restored(database: Database, subscriber: Subscriber) -> None:
    ends = event(EventType.LOGOUT, Reason.USER)
    for envelope in reversed(delivered(database, event(), ends)):
        subscriber.receive(envelope)
    assert [(one["seq"], one["type"]) for one in subscriber.received()] == [(1, "auth.login"), (2, "auth.logout")]


def altered(envelope: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with other properties, which keeps its signature."""
    detail = envelope["detail"]
    return {**envelope, "detail": {**detail, "properties": {**detail["properties"], **changes}}}


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (lambda e: {**e, "source": "app.prod"}, "another source"),
        (lambda e: altered(e, stage="prod"), "another stage"),
        (lambda e: altered(e, issuer="https://evil.example"), "another issuer"),
        (lambda e: altered(e, subject="m" * 24), "did not sign"),
        (lambda e: {**e, "detail": {**e["detail"], "metadata": {}}}, "did not sign"),
        (lambda e: {**e, "detail": {**e["detail"], "metadata": {"signature": "ä..x"}}}, "did not sign"),
        (lambda e: {**e, "detail-type": "auth.logout"}, "not valid in any version"),
        (lambda e: {**e, "detail": {"type": "auth.login"}}, "not in SST's form"),
        (lambda e: {}, "not in SST's form"),
    ],
)
def test_a_forgery_is_refused_and_logged_without_a_word_of_it(
    forge: Any, reason: str, database: Database, subscriber: Subscriber, caplog: pytest.LogCaptureFixture
) -> None:
    (envelope,) = delivered(database, event())
    with caplog.at_level(logging.WARNING):
        assert not subscriber.receive(forge(envelope))
    assert subscriber.received() == ()
    assert reason in caplog.text
    assert "evil.example" not in caplog.text


def test_what_another_key_of_the_same_name_signed_is_refused(database: Database, subscriber: Subscriber) -> None:
    (envelope,) = delivered(database, event(), key=FOREIGN)
    assert not subscriber.receive(envelope)


def test_a_token_of_the_issuer_is_no_signature_of_an_event(database: Database, subscriber: Subscriber) -> None:
    as_event = EventSigner.of_key(KEY)._sign
    assert as_event
    signer = EventSigner(lambda _, payload: as_event("at+jwt", payload))
    (envelope,) = delivered(database, event())
    metadata = dict(signer(envelope["detail"]["properties"]))
    assert not subscriber.receive({**envelope, "detail": {**envelope["detail"], "metadata": metadata}})
