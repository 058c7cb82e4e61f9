from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import boto3
import pytest
from moto import mock_aws

from harness.probes.bus import BusTap, read_delivery

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SHAPED = '{"metadata":{"version":1},"properties":{"event_id":"e1"}}'


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    with mock_aws():
        made = boto3.Session("test", "test", region_name="eu-west-1")
        events = made.client("events")
        for bus in ("mine", "other"):
            events.create_event_bus(Name=bus)
        events.close()
        yield made


def put(session: boto3.Session, bus: str, detail: str) -> None:
    client = session.client("events")
    entry = {"Source": "app.dev", "DetailType": "auth.login", "Detail": detail, "EventBusName": bus}
    client.put_events(Entries=[cast("PutEventsRequestEntryTypeDef", entry)])
    client.close()


def test_a_tap_gives_what_its_bus_delivered_and_says_that_this_is_all(session: boto3.Session) -> None:
    tap = BusTap(session, None, "mine")
    for number in range(12):  # more than one receive can hold
        put(session, "mine", SHAPED.replace("e1", f"e{number}"))
    put(session, "other", SHAPED)
    events, settled = tap.drain(5)
    assert settled
    assert [event.properties["event_id"] for event in events] == [f"e{number}" for number in range(12)]
    assert {(event.type, event.source, event.bus) for event in events} == {("auth.login", "app.dev", "mine")}
    tap.close()


def test_what_was_drained_does_not_come_again(session: boto3.Session) -> None:
    tap = BusTap(session, None, "mine")
    put(session, "mine", SHAPED)
    assert len(tap.drain(5)[0]) == 1
    assert tap.drain(5) == ((), True)
    tap.close()


def test_a_bus_that_delivers_nothing_has_not_settled(session: boto3.Session) -> None:
    tap = BusTap(session, None, "mine")
    events = session.client("events")
    events.remove_targets(Rule=tap._name, EventBusName="mine", Ids=["tap"])
    assert tap.drain(0.2) == ((), False)
    events.close()
    tap.close()


def test_a_closed_tap_leaves_nothing_behind(session: boto3.Session) -> None:
    BusTap(session, None, "mine").close()
    events, sqs = session.client("events"), session.client("sqs")
    assert events.list_rules(EventBusName="mine")["Rules"] == []
    assert "QueueUrls" not in sqs.list_queues()
    events.close()
    sqs.close()


@pytest.mark.parametrize("detail", [{"free": "form"}, [1], {"metadata": {}, "properties": 1}, {"properties": {}}])
def test_a_delivery_of_another_shape_is_kept_whole(detail: object) -> None:
    event = read_delivery(json.dumps({"detail-type": "odd", "source": "s", "detail": detail}), "mine")
    assert (event.type, event.source) == ("odd", "s")
    assert json.loads(event.properties["unread"]) == detail


@pytest.mark.parametrize("body", ["no json", "[]", ""])
def test_a_delivery_that_is_no_event_is_kept_as_it_came(body: str) -> None:
    assert read_delivery(body, "mine").properties == {"unread": body}
