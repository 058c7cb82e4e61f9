"""Outbox, publisher and relay: nothing is lost, nothing is believed unread, nothing succeeds twice."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from reference_impl.clock import SystemClock
from reference_impl.database import Database
from reference_impl.events import AuthEvent, EventType, Outbox, Publisher, Reason, Relay, outbox
from reference_impl.events.outbox import DeadLetter, Message
from reference_impl.events.schema import detail_of


class Bus:
    """Plays EventBridge: answers each call by the next of its script, then accepts everything.

    A script item is an exception, or the error codes by position of the entries that fail.
    """

    def __init__(self, *script: Exception | dict[int, str]) -> None:
        self.script = list(script)
        self.calls: list[list[str]] = []
        self.accepted: list[str] = []

    def put_events(self, *, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803  # AWS's name
        ids = [json.loads(entry["Detail"])["properties"]["event_id"] for entry in Entries]
        self.calls.append(ids)
        step = self.script.pop(0) if self.script else {}
        if isinstance(step, Exception):
            raise step
        self.accepted += [id_ for position, id_ in enumerate(ids) if position not in step]
        results = [
            {"ErrorCode": step[position], "ErrorMessage": "no"} if position in step else {"EventId": f"aws-{id_}"}
            for position, id_ in enumerate(ids)
        ]
        return {"FailedEntryCount": len(step), "Entries": results}


def event(number: int) -> AuthEvent:
    return AuthEvent(
        EventType.LOGIN,
        id_of(number),
        0.0,
        "dev",
        "https://auth.dev.localhost",
        "web",
        Reason.KNOWN_ACCOUNT,
        subject="s" * 24,
        session_ref=f"{number:024d}",
        correlation_id=f"flow-{number:04d}",
        dedup_key=f"key-{number}",
    )


def id_of(number: int) -> str:
    return str(uuid.UUID(int=number))


def ids(*numbers: int) -> list[str]:
    return [id_of(number) for number in numbers]


def messages(count: int) -> list[Message]:
    return [Message(id_of(n), "auth.login", detail_of(event(n).properties(1, 0.0), {})) for n in range(count)]


def client_error(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutEvents")


class Pauses(list[float]):
    """Takes the publisher's pauses down instead of making them."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def alarms() -> list[DeadLetter]:
    return []


def publisher(bus: Bus, pauses: Pauses, alarms: list[DeadLetter]) -> Publisher:
    return Publisher(bus, "the-bus", "authassay.dev", sleep=pauses, alarm=alarms.append)


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure"])
@pytest.mark.parametrize("position", [0, 4, 9])
def test_only_the_failed_entry_of_a_batch_is_sent_again(code: str, position: int, pauses: Any, alarms: Any) -> None:
    bus = Bus({position: code}, {0: code})
    report = publisher(bus, pauses, alarms).publish(messages(10))
    failed = id_of(position)
    assert bus.calls[1:] == [[failed], [failed]]
    assert sorted(bus.accepted) == sorted(report.published) == ids(*range(10))
    assert pauses == [0.1, 0.2]
    assert not report.dead
    assert not alarms


def test_an_entry_that_fails_too_often_is_a_dead_letter_with_an_alarm(pauses: Any, alarms: Any) -> None:
    bus = Bus(*[{0: "ThrottlingException"}] * 9)
    report = publisher(bus, pauses, alarms).publish(messages(1))
    assert len(bus.calls) == 5
    assert report.published == ()
    assert [(letter.message.event_id, letter.code, letter.attempts) for letter in report.dead] == [
        (id_of(0), "ThrottlingException", 5)
    ]
    assert alarms == list(report.dead)


def test_an_entry_that_fails_for_good_is_not_tried_again(pauses: Any, alarms: Any) -> None:
    bus = Bus({3: "MalformedDetail"})
    report = publisher(bus, pauses, alarms).publish(messages(10))
    assert len(bus.calls) == 1
    assert len(report.published) == 9
    assert [letter.code for letter in report.dead] == ["MalformedDetail"]
    assert len(alarms) == 1


def test_a_call_has_at_most_ten_entries(pauses: Any, alarms: Any) -> None:
    bus = Bus()
    publisher(bus, pauses, alarms).publish(messages(23))
    assert [len(call) for call in bus.calls] == [10, 10, 3]


@pytest.mark.parametrize(
    "failure",
    [client_error("ThrottlingException"), client_error("X", 503), EndpointConnectionError(endpoint_url="x"), OSError()],
)
def test_a_bus_that_cannot_be_reached_defers_everything(failure: Exception, pauses: Any, alarms: Any) -> None:
    report = publisher(Bus(failure), pauses, alarms).publish(messages(2))
    assert report.deferred == (id_of(0), id_of(1))
    assert report.published == ()
    assert not alarms


@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDeniedException", "ResourceNotFoundException"])
def test_a_bus_that_refuses_the_publisher_loses_nothing_and_is_told(
    code: str, pauses: Any, alarms: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bus = Bus(client_error(code))
    report = publisher(bus, pauses, alarms).publish(messages(3))
    assert (report.deferred, report.published, report.dead) == (tuple(ids(0, 1, 2)), (), ())
    assert f"refuses the publisher ({code}): 3 events wait" in caplog.text
    assert not alarms


def test_a_call_refused_for_good_is_split_to_find_the_entry_at_fault(pauses: Any, alarms: Any) -> None:
    refusal = client_error("ValidationException")
    bus = Bus(refusal, {}, refusal, {})
    report = publisher(bus, pauses, alarms).publish(messages(3))
    assert report.published == (id_of(0), id_of(2))
    assert [letter.message.event_id for letter in report.dead] == ids(1)


def test_an_answer_without_results_was_cut_off_and_decides_nothing(pauses: Any, alarms: Any) -> None:
    class Silent(Bus):
        def put_events(self, *, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803
            return {"FailedEntryCount": 0, "Entries": []}

    report = publisher(Silent(), pauses, alarms).publish(messages(1))
    assert (report.published, report.dead, report.deferred) == ((), (), (id_of(0),))


def test_an_answer_that_counts_more_failures_than_it_shows_is_not_believed(pauses: Any, alarms: Any) -> None:
    class Vague(Bus):
        def put_events(self, *, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803
            return {**super().put_events(Entries=Entries), "FailedEntryCount": 1}

    report = publisher(Vague(), pauses, alarms).publish(messages(2))
    assert report.deferred == (id_of(0), id_of(1))


@pytest.mark.parametrize(
    "results", [{"Entries": None}, {"FailedEntryCount": None}, {}, {"Entries": None, "FailedEntryCount": None}]
)
def test_an_answer_of_nothing_was_cut_off_and_decides_nothing(
    results: dict[str, Any], pauses: Any, alarms: Any
) -> None:
    class Empty(Bus):
        def put_events(self, *, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803
            return results

    report = publisher(Empty(), pauses, alarms).publish(messages(1))
    assert (report.published, report.dead, report.deferred) == ((), (), (id_of(0),))


def test_results_count_where_nobody_has_counted_the_failures(pauses: Any, alarms: Any) -> None:
    class Uncounted(Bus):
        def put_events(self, *, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803
            return {**super().put_events(Entries=Entries), "FailedEntryCount": None}

    report = publisher(Uncounted({0: "MalformedDetail"}), pauses, alarms).publish(messages(2))
    assert (report.published, [letter.code for letter in report.dead]) == ((id_of(1),), ["MalformedDetail"])


def test_the_alarm_of_a_dead_letter_names_event_and_code_and_nothing_of_its_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    (message,) = messages(1)
    with caplog.at_level(logging.DEBUG):
        Publisher(Bus({0: "MalformedDetail"}), "the-bus", "authassay.dev", sleep=lambda _: True).publish([message])
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == (
        "ERROR",
        f"event {message.event_id} is a dead letter after 1 attempts: MalformedDetail",
    )
    told = json.dumps([str(value) for value in vars(record).values()])  # what a structured log would write as well
    properties = json.loads(message.detail)["properties"]
    for name in ("subject", "session_ref", "correlation_id", "issuer"):
        assert properties[name] not in told


def test_a_stop_during_the_backoff_defers_what_is_left() -> None:
    report = Publisher(Bus({0: "InternalFailure"}), "bus", "a.dev", sleep=lambda _: True).publish(messages(2))
    assert (report.published, report.deferred, report.dead) == ((id_of(1),), (id_of(0),), ())


def test_entries_are_in_ssts_form(pauses: Any, alarms: Any) -> None:
    entry = publisher(Bus(), pauses, alarms).entry(messages(1)[0])
    assert list(entry) == ["Source", "DetailType", "Detail", "EventBusName"]
    assert (entry["Source"], entry["DetailType"], entry["EventBusName"]) == ("authassay.dev", "auth.login", "the-bus")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "events.sqlite", outbox.SCHEMA)
    yield database
    database.close()


@pytest.fixture
def box(database: Database) -> Outbox:
    return Outbox(database, SystemClock())


def add(database: Database, box: Outbox, *numbers: int) -> None:
    with database.transaction() as connection:
        for number in numbers:
            box.add(connection, event(number))


class Running:
    """A relay that is stopped at the end of its test."""

    def __init__(self, box: Outbox, bus: Bus, alarms: list[DeadLetter]) -> None:
        stopping = threading.Event()
        self.relay = Relay(box, replace(publisher(bus, Pauses(), alarms), sleep=stopping.wait), stopping)

    def __enter__(self) -> None:
        self.relay.start()

    def __exit__(self, *_: object) -> None:
        self.relay.stop()


def test_what_is_rolled_back_is_not_published(database: Database, box: Outbox) -> None:
    def fail() -> None:
        with database.transaction() as connection:
            box.add(connection, event(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert box.pending() == ()


def test_two_events_with_one_key_are_one(database: Database, box: Outbox) -> None:
    with database.transaction() as connection:
        assert box.add(connection, event(1))
        assert not box.add(connection, replace(event(2), dedup_key="key-1"))
    assert [message.event_id for message in box.pending()] == ids(1)


def test_the_relay_publishes_what_a_killed_process_left_and_what_comes(database: Database, box: Outbox) -> None:
    add(database, box, 1, 2)
    bus = Bus()
    with Running(Outbox(database, SystemClock()), bus, []):
        pass_on(database, box, bus, 3)
    assert bus.accepted == ids(1, 2, 3)
    add(database, box, 3)  # its key is remembered
    assert box.pending() == ()


def pass_on(database: Database, box: Outbox, bus: Bus, number: int) -> None:
    assert box.wait_until_drained(20)
    add(database, box, number)
    assert box.wait_until_drained(20)


def test_an_outage_loses_nothing_and_ends_by_itself(database: Database, box: Outbox) -> None:
    bus = Bus(client_error("X", 503), OSError("down"))
    add(database, box, *range(12))
    with Running(box, bus, []):
        assert box.wait_until_drained(20)
    assert bus.accepted == ids(*range(12))


def test_a_stop_during_an_outage_is_quick_and_keeps_the_event(database: Database, box: Outbox) -> None:
    add(database, box, 1)
    with Running(box, Bus(*[OSError("down")] * 99), []):
        assert not box.wait_until_drained(0.05)
    assert len(box.pending()) == 1


def test_dead_letters_are_kept_apart_and_can_be_redelivered(database: Database, box: Outbox) -> None:
    alarms: list[DeadLetter] = []
    bus = Bus({0: "MalformedDetail"})
    add(database, box, 1, 2)
    with Running(box, bus, alarms):
        assert box.wait_until_drained(20)
        assert bus.accepted == ids(2)
        assert [letter.message.event_id for letter in box.dead_letters()] == ids(1)
        assert [letter.message.event_id for letter in alarms] == ids(1)
        assert box.redeliver() == 1
        assert box.wait_until_drained(20)
    assert bus.accepted == ids(2, 1)
    assert box.dead_letters() == ()


def test_a_fault_of_the_publisher_does_not_end_the_relay(database: Database, box: Outbox) -> None:
    class Broken(Bus):
        def put_events(self, *, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803
            if not self.script:
                return super().put_events(Entries=Entries)
            self.script.pop()
            raise KeyError("bug")

    add(database, box, 1)
    bus = Broken({})
    with Running(box, bus, []):
        assert box.wait_until_drained(20)
    assert bus.accepted == ids(1)
