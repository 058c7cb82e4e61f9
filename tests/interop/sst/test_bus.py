"""A subscriber of SST's own package hears what our outbox puts on the bus, through the bus, unchanged."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import boto3
from moto import mock_aws

from reference_impl.clock import SystemClock
from reference_impl.database import Database
from reference_impl.events import OUTBOX_SCHEMA, AuthEvent, EventType, Outbox, Publisher, Reason, Relay
from reference_impl.events.deploy import put_rule, subscriber_pattern

HERE = Path(__file__).parent
ISSUER = "https://auth.dev.example"


def login(client_id: str) -> AuthEvent:
    return AuthEvent(
        EventType.LOGIN, str(uuid.uuid4()), 0.0, "dev", ISSUER, client_id, Reason.FIRST_LOGIN,
        subject="s" * 24, session_ref="r" * 24, correlation_id="flow-0001",
    )  # fmt: skip


def delivered(tmp_path: Path, event: AuthEvent) -> tuple[Any, Any]:
    """The Detail as it was stored, and the envelope that came through EventBridge."""
    database = Database(tmp_path / "events.sqlite", OUTBOX_SCHEMA)
    box = Outbox(database, SystemClock(), lambda _: {"signature": "head..sig"})
    with database.transaction() as connection:
        box.add(connection, event)
    (message,) = box.pending()
    with mock_aws():
        session = boto3.Session("test", "test", region_name="eu-west-1")
        events, sqs = session.client("events"), session.client("sqs")
        events.create_event_bus(Name="bus")
        queue = sqs.create_queue(QueueName="queue")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        put_rule(events, "bus", "rule", subscriber_pattern("app", "dev", ISSUER), arn)
        Relay(box, Publisher(events, "bus", "app.dev")).publish_all()
        (came,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    database.close()
    return json.loads(message.detail), json.loads(came["Body"])


def test_ssts_subscriber_hears_our_event_as_it_was_told(run_script: Any, tmp_path: Path) -> None:
    detail, envelope = delivered(tmp_path, login("wéb €"))
    (heard,) = run_script(HERE / "bus.mjs", {"types": ["auth.login"], "envelopes": [envelope]})
    assert heard == {"type": "auth.login", "known": True, **detail}
