from __future__ import annotations

from typing import Any

import pytest

from harness.checks.correlation import AT_ONCE, FORGED, GOOD, REPLACED
from harness.observations import BusCapture, BusEvent, Hit, LogCapture, Observation, SecretScan
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge


def event(session: str, id: str, type: str = "auth.login", **more: str) -> BusEvent:
    return BusEvent(type, "app.dev", {"session_ref": session, "correlation_id": id, **more}, {})


def capture(case: str, *events: BusEvent) -> BusCapture:
    return BusCapture(case=case, stage="dev", events=events, settled=True)


def ten(ends: str = "flow-{n:04d}", ids: str = "flow-{n:04d}", lines: int = 2) -> list[Observation]:
    events = [event(f"s{n}", ids.format(n=n)) for n in range(10)]
    events += [event(f"s{n}", ends.format(n=n), "auth.logout") for n in range(10)]
    records = tuple({"correlation_id": f"flow-{n:04d}", "line": "{}"} for n in range(10) for _ in range(lines))
    return [capture(AT_ONCE, *events), LogCapture(case=AT_ONCE, records=records)]


def test_one_identifier_for_each_flow_in_events_and_log_passes() -> None:
    assert_passed(judge("EVENT-05.E1", ten()))


def test_an_identifier_that_links_too_little_or_too_much_fails() -> None:
    assert_failed(judge("EVENT-05.E1", ten(ends="other-{n:04d}")), "several identifiers")
    assert_failed(judge("EVENT-05.E1", ten(ids="flow-0000", ends="flow-0000")), "10 flows have 1 identifiers")
    assert_failed(judge("EVENT-05.E1", ten(lines=1)), "link no records")


def test_too_few_flows_prove_nothing() -> None:
    whole = ten()
    assert isinstance(whole[0], BusCapture)
    assert_unknown(judge("EVENT-05.E1", [capture(AT_ONCE, *whole[0].events[:10]), whole[1]]))
    assert_unknown(judge("EVENT-05.E1", whole[1:]))


def proposals(changed: str = "", *, line: str = "{}", **told: Any) -> list[Observation]:
    captures: list[Observation] = [capture(GOOD, event("s", "flow-good"))]
    for number, case in enumerate(REPLACED):
        id = told.get("id", f"made-{number:04d}") if case == changed else f"made-{number:04d}"
        more = {"reason": told["reason"]} if case == changed and "reason" in told else {}
        captures.append(capture(case, event("s", id, **more)))
    scan = SecretScan(
        case="secrets beside identifiers", places=("events",), bytes=9, kinds=("code",), hits=(), planted_found=True
    )
    return [*captures, LogCapture(case="proposed identifiers", records=({"line": line},)), scan]


def test_bad_proposals_that_are_replaced_pass() -> None:
    assert_passed(judge("EVENT-05.E2", proposals()))
    assert_passed(judge("EVENT-05.E3", proposals()))


@pytest.mark.parametrize("id", ["A" * 10_240, "a\r\nb", "short", ""])
def test_an_identifier_that_is_not_well_formed_fails(id: str) -> None:
    assert_failed(judge("EVENT-05.E2", proposals("ten thousand characters", id=id)), "no well-formed identifier")


def test_another_flows_identifier_and_an_injected_line_fail() -> None:
    assert_failed(judge("EVENT-05.E2", proposals("another flow's", id="flow-good")), "two flows have one identifier")
    assert_failed(judge("EVENT-05.E2", proposals(line=f"INFO {FORGED}")), "1 lines of the log")
    assert_failed(judge("EVENT-05.E2", proposals("a forged line", reason=FORGED)), "an event holds")


def test_an_identifier_that_is_a_secret_fails() -> None:
    marked = proposals("the request's own state", id="{{state:0123456789abcdef:32}}")
    assert_failed(judge("EVENT-05.E3", marked), "the identifier is state")
    hit = Hit("logs", "{{session_cookie:0123456789abcdef:43}}")
    found = SecretScan(
        case="secrets beside identifiers", places=("logs",), bytes=9, kinds=(), hits=(hit,), planted_found=True
    )
    assert_failed(judge("EVENT-05.E3", [*proposals(), found]), "stands in logs")


def test_without_logins_or_a_search_nothing_is_known() -> None:
    assert_unknown(judge("EVENT-05.E2", proposals()[1:]))
    assert_unknown(judge("EVENT-05.E3", proposals()[:-1]))
