"""The publisher against moto in this process, moto as a server, and a network that fails: nothing lost, nothing new."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from moto.server import ThreadedMotoServer

from harness.probes.faulty_proxy import FAILURES, FaultyProxy
from reference_impl.clock import SystemClock
from reference_impl.database import Database
from reference_impl.events import (
    OUTBOX_SCHEMA,
    SUBSCRIBER_SCHEMA,
    AuthEvent,
    Consumer,
    EventType,
    Outbox,
    Publisher,
    Reason,
    Relay,
    Subscriber,
)
from reference_impl.events.deploy import bus_policy, make_archive, put_rule, subscriber_pattern

ISSUER = "https://auth.prod.example"
BUS = "the-bus"
QUICK = Config(connect_timeout=2, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})


def login(number: int) -> AuthEvent:
    of_session = {"subject": "s" * 24, "session_ref": f"{number:024d}", "correlation_id": f"flow-{number:04d}"}
    return AuthEvent(
        EventType.LOGIN, str(uuid.uuid4()), 0.0, "prod", ISSUER, "web", Reason.KNOWN_ACCOUNT,
        subject=of_session["subject"], session_ref=of_session["session_ref"],
        correlation_id=of_session["correlation_id"],
    )  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "events.sqlite", OUTBOX_SCHEMA, SUBSCRIBER_SCHEMA)
    yield database
    database.close()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    yield moto.get_host_and_port()
    moto.stop()


class Deployed:
    """A bus with the subscribers' rule, and a queue behind it."""

    def __init__(self, endpoint: str | None) -> None:
        session = boto3.Session("test", "test", region_name="eu-west-1")
        self.events = session.client("events", endpoint_url=endpoint)
        self.sqs = session.client("sqs", endpoint_url=endpoint)
        self.bus = f"{BUS}-{uuid.uuid4().hex[:8]}"
        self.arn = self.events.create_event_bus(Name=self.bus)["EventBusArn"]
        self.queue = self.sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]
        pattern = subscriber_pattern("app", "prod", ISSUER)
        put_rule(self.events, self.bus, "subscribers", pattern, attributes["QueueArn"])

    def delivered(self) -> list[dict[str, Any]]:
        came: list[dict[str, Any]] = []
        while True:
            answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
            messages = answer.get("Messages", [])
            if not messages:
                return came
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                came.append(json.loads(message["Body"]))

    def ids(self) -> list[str]:
        return [envelope["detail"]["properties"]["event_id"] for envelope in self.delivered()]


@pytest.fixture(params=["in process", "server"])
def deployed(request: pytest.FixtureRequest) -> Iterator[Deployed]:
    if request.param == "server":
        host, port = request.getfixturevalue("server")
        yield Deployed(f"http://{host}:{port}")
    else:
        with mock_aws():
            yield Deployed(None)


def told(database: Database, count: int) -> tuple[Outbox, list[str]]:
    box, made = Outbox(database, SystemClock()), [login(number) for number in range(count)]
    with database.transaction() as connection:
        for event in made:
            assert box.add(connection, event)
    return box, [event.event_id for event in made]


def test_what_is_in_the_outbox_reaches_subscribers_in_ssts_form(database: Database, deployed: Deployed) -> None:
    box, expected = told(database, 23)
    report = Relay(box, Publisher(deployed.events, deployed.bus, "app.prod")).publish_all()
    came = deployed.delivered()
    assert sorted(report.published) == sorted(expected)
    assert sorted(e["detail"]["properties"]["event_id"] for e in came) == sorted(expected)
    assert {(e["source"], e["detail-type"]) for e in came} == {("app.prod", "auth.login")}
    assert all(list(e["detail"]) == ["metadata", "properties"] for e in came)


def test_events_of_another_stage_do_not_pass_the_rule(database: Database, deployed: Deployed) -> None:
    box, _ = told(database, 1)
    Relay(box, Publisher(deployed.events, deployed.bus, "app.dev")).publish_all()
    assert deployed.ids() == []


def test_a_replay_from_the_archive_gives_a_subscriber_nothing_new(database: Database, deployed: Deployed) -> None:
    archive = make_archive(deployed.events, deployed.arn, "archive", subscriber_pattern("app", "prod", ISSUER))
    box, expected = told(database, 3)
    Relay(box, Publisher(deployed.events, deployed.bus, "app.prod")).publish_all()
    first = deployed.delivered()
    deployed.events.start_replay(
        ReplayName="again",
        EventSourceArn=archive,
        EventStartTime=datetime(2020, 1, 1, tzinfo=UTC),
        EventEndTime=datetime(2090, 1, 1, tzinfo=UTC),
        Destination={"Arn": deployed.arn},
    )
    again = deployed.delivered()
    subscriber = Subscriber(database, Consumer("prod", "app.prod", ISSUER, lambda *_: True))
    assert [subscriber.receive(envelope) for envelope in first] == [True] * 3
    assert [subscriber.receive(envelope) for envelope in again] == [False] * len(again)
    assert len(again) >= 3, "the archive replays"
    assert sorted(str(one["event_id"]) for one in subscriber.received()) == sorted(expected)
    deployed.events.delete_archive(ArchiveName="archive")


@pytest.fixture
def proxy(server: tuple[str, int]) -> Iterator[FaultyProxy]:
    made = FaultyProxy(*server)
    yield made
    made.close()


def until_published(relay: Relay, box: Outbox) -> None:
    for _ in range(20):
        if not box.pending(1):
            return
        relay.publish_all()
    pytest.fail("it does not end")


@pytest.mark.parametrize("failure", FAILURES)
def test_a_network_that_fails_loses_nothing_and_makes_nothing_new(
    failure: str, database: Database, server: tuple[str, int], proxy: FaultyProxy
) -> None:
    deployed = Deployed(f"http://{server[0]}:{server[1]}")
    session = boto3.Session("test", "test", region_name="eu-west-1")
    through_proxy = session.client("events", endpoint_url=proxy.url, config=QUICK)
    box, expected = told(database, 12)
    pauses: Callable[[float], object] = lambda _: _mend(proxy) if failure == "partial" else None  # noqa: E731
    relay = Relay(box, Publisher(through_proxy, deployed.bus, "app.prod", sleep=pauses))
    proxy.mode = failure
    first = relay.publish_pending()
    assert failure == "partial" or (first.published, first.dead) == ((), ())
    assert box.pending(1) or failure == "partial"
    _mend(proxy)
    until_published(relay, box)
    assert set(deployed.ids()) == set(expected)
    assert box.dead_letters() == ()
    through_proxy.close()


def _mend(proxy: FaultyProxy) -> None:
    proxy.mode = "pass"


def test_the_policy_of_the_bus_lets_the_issuer_alone_tell_of_logins() -> None:
    policy: Any = bus_policy("arn:bus", "app", "prod", "arn:issuer")
    allow, nobody_else, elsewhere = policy["Statement"]
    assert allow["Principal"] == {"AWS": "arn:issuer"}
    assert nobody_else["Condition"]["StringNotEquals"] == {"aws:PrincipalArn": "arn:issuer"}
    assert nobody_else["Condition"]["StringLike"] == {"events:detail-type": "auth.*"}
    assert elsewhere["Condition"] == {"StringNotEquals": {"events:source": "app.prod"}}
