from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.model import Parameter
from harness.observations import CallSizes, EventFlow, EventSchemas, FlowEvent, Observation
from tests.harness.checks import records
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

TYPES = ("auth.login", "auth.refresh_failed", "auth.logout")
EVENTS = tuple(
    FlowEvent(f"id-{session}-{seq}", f"session-{session}", seq, type, f"digest-{session}-{seq}")
    for session in range(2)
    for seq, type in enumerate(TYPES, 1)
)
TWICE = tuple(event for event in EVENTS for _ in range(2))


def flows(case: str = "", **changes: Any) -> list[Observation]:
    made = {"answers time out": TWICE, "delivered twice": TWICE, "reordered": tuple(reversed(EVENTS))}
    whole = [
        EventFlow(case=name, sessions=2, submitted=EVENTS, delivered=told, stored=tuple(e.id for e in EVENTS))
        for name, told in made.items()
    ]
    return [replace(flow, **changes) if flow.case == case else flow for flow in whole]


@pytest.mark.parametrize("expectation", ["EVENT-08.E1", "EVENT-08.E2", "EVENT-08.E3"])
def test_sessions_that_arrive_whole_pass(expectation: str) -> None:
    assert_passed(judge(expectation, flows()))


@pytest.mark.parametrize("expectation", ["EVENT-08.E1", "EVENT-08.E2", "EVENT-08.E3"])
@pytest.mark.parametrize(
    "seen",
    [
        [],
        flows()[1:],
        flows("delivered twice", delivered=EVENTS),
        flows("reordered", delivered=EVENTS),
        flows("reordered", submitted=EVENTS[1:]),
    ],
)
def test_a_bus_that_did_not_behave_so_proves_nothing(expectation: str, seen: Sequence[Observation]) -> None:
    assert_unknown(judge(expectation, seen))


def test_a_repetition_under_another_id_or_with_another_content_fails() -> None:
    renamed = (*TWICE[1:], replace(TWICE[0], id="new"))
    assert_failed(judge("EVENT-08.E1", flows("delivered twice", delivered=renamed)), "1 of them new")
    altered = (*TWICE[1:], replace(TWICE[0], sha256="other"))
    assert_failed(judge("EVENT-08.E1", flows("delivered twice", delivered=altered)), "differ from their event")


def test_an_event_that_is_stored_twice_or_never_fails() -> None:
    stored = tuple(event.id for event in EVENTS)
    assert_failed(judge("EVENT-08.E2", flows("reordered", stored=(*stored, stored[0]))), "more than once")
    assert_failed(judge("EVENT-08.E2", flows("reordered", stored=stored[1:])), "not stored")


@pytest.mark.parametrize(("place", "changes"), [(0, {"seq": 2}), (2, {"seq": 9}), (0, {"type": "auth.logout"})])
def test_a_session_without_a_legal_order_fails(place: int, changes: dict[str, Any]) -> None:
    wrong = [replace(event, **changes) if event.id == EVENTS[place].id else event for event in TWICE]
    assert_failed(judge("EVENT-08.E3", flows("delivered twice", delivered=tuple(wrong))), "1 sessions")


SCHEMAS = EventSchemas(case="published schemas", current="1.1", schemas={"1.1": {"required": ["event_id"]}})


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("batch_entries", 10.0), ("entry_bytes", 1000.0)):
        monkeypatch.setitem(records.PARAMETERS, name, Parameter(name, value, "", "a test"))


def sizes(**changes: Any) -> list[Observation]:
    arrived = tuple({"event_id": str(n), **({"truncated": True} if n < 2 else {})} for n in range(11))
    whole: dict[str, Any] = {
        "submitted": 11,
        "oversize": 2,
        "calls": ((10, 900), (1, 90)),
        "refused": 0,
        "arrived": arrived,
        "broken": 0,
        **changes,
    }
    return [SCHEMAS, *(CallSizes(case=case, **whole) for case in ("eleven at once", "twenty-five at once"))]


@pytest.mark.parametrize("expectation", ["EVENT-11.E1", "EVENT-11.E2", "EVENT-11.E3"])
def test_events_that_fit_pass_and_none_proves_nothing(expectation: str) -> None:
    assert_passed(judge(expectation, sizes()))
    assert_unknown(judge(expectation, [SCHEMAS]))
    assert_unknown(judge(expectation, sizes(oversize=0)))
    assert_unknown(judge(expectation, sizes(calls=())))


def test_an_event_that_is_lost_invalid_or_silently_cut_fails() -> None:
    arrived: Any = vars(sizes()[1])["arrived"]
    assert_failed(judge("EVENT-11.E1", sizes(arrived=arrived[1:])), "of 11 events 10 arrived")
    assert_failed(judge("EVENT-11.E1", sizes(oversize=3)), "3 texts were too long, 2 events")
    assert_failed(judge("EVENT-11.E1", sizes(unlike=1)), "1 texts are not cut, but others")
    strict = replace(SCHEMAS, schemas={"1.1": {"required": ["stage"]}})
    assert_failed(judge("EVENT-11.E1", [strict, *sizes()[1:]]), "not valid any more")


@pytest.mark.parametrize("changes", [{"calls": ((11, 900),)}, {"calls": ((1, 1001),)}, {"refused": 1}])
def test_a_call_over_a_limit_fails(changes: dict[str, Any]) -> None:
    assert_failed(judge("EVENT-11.E2", sizes(**changes)), "over a limit")


def test_a_character_that_was_split_fails() -> None:
    assert_failed(judge("EVENT-11.E3", sizes(broken=1)), "within a character")
