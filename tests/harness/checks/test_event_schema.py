from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from harness.observations import (
    BusCapture,
    BusEvent,
    Erasure,
    EventSchemas,
    EventTrial,
    Hit,
    Observation,
    SecretScan,
    SessionReferences,
)
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

NOW = 1_800_000_000.0
REQUIRED = [
    "event_id", "type", "version", "occurred_at", "stage", "issuer", "client_id", "outcome", "reason",
]  # fmt: skip
OF_SESSION = ["subject", "session_ref", "correlation_id", "seq"]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": REQUIRED,
    "properties": {name: {} for name in [*REQUIRED, *OF_SESSION]},
}
SCHEMAS = EventSchemas(case="published schemas", current="1.1", schemas={"1.1": SCHEMA})
TYPES = ("auth.login", "auth.logout", "auth.refresh_failed")


def event(type: str = "auth.login", **changes: Any) -> BusEvent:
    told: dict[str, Any] = {
        **dict.fromkeys(REQUIRED, "x"),
        "type": type,
        "version": "1.1",
        "occurred_at": "2027-01-15T08:00:01.000Z",
        "subject": "person-1",
        **changes,
    }
    return BusEvent(type, "app.dev", {name: value for name, value in told.items() if value is not None}, {})


def capture(*events: BusEvent, case: str = "sessions", stage: str = "dev", settled: bool = True) -> BusCapture:
    return BusCapture(case=case, stage=stage, events=events, settled=settled, began_at=NOW, ended_at=NOW + 2)


GOOD = (SCHEMAS, capture(*(event(type) for type in TYPES)))


def test_events_of_all_types_that_are_valid_pass() -> None:
    assert_passed(judge("EVENT-04.E1", GOOD))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (event("auth.refreshFailed"), "no such type"),
        (event(stage=None), "stage is missing"),
        (event(remark="x"), "additionalProperties is violated"),
        (event(version="9.9"), "of no published version"),
        (replace(event(), type="auth.logout"), "not its detail-type"),
    ],
)
def test_an_event_that_is_not_valid_fails(changed: BusEvent, words: str) -> None:
    assert_failed(judge("EVENT-04.E1", [SCHEMAS, capture(*GOOD[1].events, changed)]), words)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({**SCHEMA, "additionalProperties": True}, "is not closed"),
        ({**SCHEMA, "required": REQUIRED[1:]}, "does not require event_id"),
        ({**SCHEMA, "properties": {name: {} for name in REQUIRED}}, "does not know"),
        ({**SCHEMA, "required": 7}, "is no JSON Schema"),
    ],
)
def test_a_published_schema_that_lets_too_much_through_fails(schema: Mapping[str, Any], words: str) -> None:
    assert_failed(judge("EVENT-04.E1", [replace(SCHEMAS, schemas={"1.1": schema}), GOOD[1]]), words)


@pytest.mark.parametrize("expectation", ["EVENT-04.E1", "EVENT-04.E3", "EVENT-06.E3", "EVENT-07.E2"])
@pytest.mark.parametrize("seen", [[SCHEMAS], [SCHEMAS, capture()], [SCHEMAS, replace(GOOD[1], settled=False)]])
def test_without_a_whole_capture_nothing_is_known(expectation: str, seen: list[Observation]) -> None:
    assert_unknown(judge(expectation, seen))


def test_a_type_that_was_never_told_is_not_judged() -> None:
    assert_unknown(judge("EVENT-04.E1", [SCHEMAS, capture(event())]))


CASES = ("a field is missing", "there is an unknown field", "the time is local", "the type is unknown")


def trials(taken: str = "") -> list[EventTrial]:
    right = EventTrial(case="nothing is wrong", offered=1, taken=1)
    return [right, *(EventTrial(case=case, offered=1, taken=int(case == taken)) for case in CASES)]


def test_a_producer_that_refuses_passes_and_one_that_does_not_fails() -> None:
    assert_passed(judge("EVENT-04.E2", trials()))
    for case in CASES:
        assert_failed(judge("EVENT-04.E2", trials(case)), case)


def test_a_producer_that_refuses_everything_proves_nothing() -> None:
    assert_unknown(judge("EVENT-04.E2", [replace(trials()[0], taken=0), *trials()[1:]]))


@pytest.mark.parametrize("told", ["2027-01-15T08:00:01.000+00:00", "2027-01-15T07:00:01.000Z", "yesterday", 7])
def test_a_time_that_is_local_or_another_fails(told: object) -> None:
    assert_passed(judge("EVENT-04.E3", GOOD))
    assert_failed(judge("EVENT-04.E3", [capture(event(occurred_at=told))]), "occurred_at")


def versions(current: int = 1, previous: int = 1, unknown: int = 0) -> list[EventTrial]:
    cases = {
        "an event of the current version": current,
        "an event of the previous version": previous,
        "an unknown version": unknown,
    }
    return [EventTrial(case=case, offered=1, taken=taken) for case, taken in cases.items()]


def test_the_version_before_must_be_taken_and_an_unknown_one_must_not() -> None:
    assert_passed(judge("EVENT-04.E4", versions()))
    assert_failed(judge("EVENT-04.E4", versions(previous=0)), "previous version is refused")
    assert_failed(judge("EVENT-04.E4", versions(unknown=1)), "does not exist is taken")
    assert_unknown(judge("EVENT-04.E4", versions(current=0)))


SEARCHES = {
    "EVENT-06.E1": "secrets in events, dead letters and logs",
    "EVENT-07.E1": "personal data in events, at subscribers and in logs",
}


def scan(case: str, *hits: Hit, planted: bool = True) -> SecretScan:
    return SecretScan(
        case=case, places=("events",), bytes=100, kinds=("refresh_token",), hits=hits, planted_found=planted
    )


@pytest.mark.parametrize(("expectation", "case"), SEARCHES.items())
def test_a_hit_fails_and_a_search_that_finds_nothing_planted_proves_nothing(expectation: str, case: str) -> None:
    assert_passed(judge(expectation, [*GOOD, scan(case)]))
    hit = Hit("events", "{{refresh_token:0123456789abcdef:43}}", "sha256")
    assert_failed(judge(expectation, [*GOOD, scan(case, hit)]), "as sha256 stands in events")
    assert_unknown(judge(expectation, [*GOOD, scan(case, planted=False)]))
    assert_unknown(judge(expectation, [scan(case)]))


def references(**of: str) -> list[Observation]:
    return [SessionReferences(case="one session at all stages", references=of)]


def test_references_that_differ_between_stages_pass() -> None:
    assert_passed(judge("EVENT-06.E2", references(dev="a", prod="b")))
    assert_failed(judge("EVENT-06.E2", references(dev="a", staging="b", prod="a")), "alike")
    assert_unknown(judge("EVENT-06.E2", references(prod="a")))


def test_free_text_and_undocumented_fields_fail() -> None:
    assert_passed(judge("EVENT-06.E3", GOOD))
    assert_failed(judge("EVENT-06.E3", [SCHEMAS, capture(event(reason="it went wrong"))]), "reason is free text")
    assert_failed(judge("EVENT-06.E3", [SCHEMAS, capture(event(remark="x"))]), "no documented field")


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8:1:2::3", "from-198.51.100.9", "127.0.0.1"])
def test_a_whole_address_fails(address: str) -> None:
    text = address.replace("from-", "from ")
    assert_failed(judge("EVENT-07.E2", [capture(event(source=text))]), "whole IP address")


@pytest.mark.parametrize(
    "harmless", ["192.0.2.0", "2001:db8:1::", "1.1", "https://auth.dev.localhost:8443", "08:00:01"]
)
def test_a_truncated_address_or_none_passes(harmless: str) -> None:
    assert_passed(judge("EVENT-07.E2", [capture(event(source=harmless))]))


def at_two_stages(dev: str, prod: str) -> list[Observation]:
    return [
        capture(event(subject=dev), case="the same person", stage="dev"),
        capture(event(subject=prod), case="the same person", stage="prod"),
    ]


def test_a_pseudonym_of_two_stages_fails() -> None:
    assert_passed(judge("EVENT-07.E3", at_two_stages("a", "b")))
    assert_failed(judge("EVENT-07.E3", at_two_stages("a", "a")), "same pseudonym")
    assert_unknown(judge("EVENT-07.E3", at_two_stages("a", "b")[:1]))


def erased(**changes: bool) -> list[Observation]:
    whole: dict[str, Any] = {"resolved_before": True, "resolved_after": False, "given_again": False, **changes}
    return [Erasure(case="after the erasure", stage="dev", **whole)]


def test_a_pseudonym_that_leads_to_somebody_after_his_erasure_fails() -> None:
    assert_passed(judge("EVENT-07.E4", erased()))
    assert_failed(judge("EVENT-07.E4", erased(resolved_after=True)), "still leads to the person")
    assert_failed(judge("EVENT-07.E4", erased(given_again=True)), "gets the same pseudonym again")
    assert_unknown(judge("EVENT-07.E4", erased(resolved_before=False)))
