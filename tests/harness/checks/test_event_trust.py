from __future__ import annotations

from typing import Any

import pytest

from harness.checks.event_trust import ARCHIVED, BY_ROLES, EXPECTED, GENUINE, OF_OTHERS, STOLEN
from harness.model import Parameter
from harness.observations import Absence, Alerts, EventTrial, Observation
from tests.harness.checks import records
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

PROD = (("app.prod", "prod"),)


def offered(changed: str = "", **changes: Any) -> list[Observation]:
    seen: dict[str, dict[str, Any]] = {GENUINE: {"taken": 1, "delivered": PROD}}
    seen |= {case: {"taken": 0, "delivered": PROD, "logged": ("refused",)} for case in (*BY_ROLES, STOLEN)}
    seen |= {case: {"taken": 0} for case in OF_OTHERS} | {ARCHIVED: {"taken": 1, "delivered": PROD}}
    if changed:
        seen[changed] = {**seen[changed], **changes}
    return [EventTrial(case=case, offered=1, **told) for case, told in seen.items()]


@pytest.mark.parametrize("expectation", ["EVENT-13.E1", "EVENT-13.E2", "EVENT-13.E3"])
def test_forgeries_that_are_dropped_and_logged_pass(expectation: str) -> None:
    assert_passed(judge(expectation, offered()))
    assert_unknown(judge(expectation, offered()[1:]))
    assert_unknown(judge(expectation, offered(GENUINE, taken=0)))
    assert_unknown(judge(expectation, []))


@pytest.mark.parametrize("case", [*BY_ROLES, *OF_OTHERS, STOLEN])
def test_a_forgery_that_is_believed_fails(case: str) -> None:
    assert_failed(judge("EVENT-13.E1", offered(case, taken=1)), case)


@pytest.mark.parametrize("expectation", ["EVENT-13.E1", "EVENT-13.E3"])
def test_a_refusal_of_a_key_that_has_ended_tells_something_where_the_key_is_known(expectation: str) -> None:
    assert_unknown(judge(expectation, offered(ARCHIVED, taken=0)))
    without = [trial for trial in offered() if trial.case not in (ARCHIVED, STOLEN)]
    assert_unknown(judge(expectation, without))
    assert_unknown(judge(expectation, [trial for trial in offered() if trial.case != STOLEN]))
    assert_passed(judge(expectation, [*without, Absence(case="absence", capability="admin", reason="r")]))


@pytest.mark.parametrize("other", [("app.dev", "dev"), ("app.prod", ""), ("app.dev", "prod")])
def test_what_is_of_another_stage_and_sent_to_production_fails(other: tuple[str, str]) -> None:
    assert_failed(judge("EVENT-13.E2", offered("an event of dev", delivered=(other,))), "production is sent events of")
    assert_unknown(judge("EVENT-13.E2", offered(GENUINE, delivered=(("app.dev", "dev"),))))


def test_a_forgery_that_is_dropped_silently_fails() -> None:
    assert_failed(judge("EVENT-13.E3", offered(BY_ROLES[0], logged=())), "1 refused, 0 logged")


@pytest.fixture(autouse=True)
def bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(records.PARAMETERS, "bus_delivery", Parameter("bus_delivery", 60.0, "s", "a test"))


ALERT = {"stage": "dev", "count": 10, "correlation_ids": ["flow-1"], "dimension": "subject", "event_ids": ["e"]}


def alerts(changed: str = "", **changes: Any) -> list[Observation]:
    seen = []
    for case, count in EXPECTED.items():
        whole: dict[str, Any] = {"alerts": (ALERT,) * count, "seconds": 1.0}
        whole |= changes if case == changed else {}
        seen.append(Alerts(case=case, stage="dev", fed=10, flows=("flow-1",), **whole))
    return [*seen]


@pytest.mark.parametrize("expectation", ["EVENT-12.E1", "EVENT-12.E2", "EVENT-12.E3"])
def test_as_many_alerts_as_bursts_pass(expectation: str) -> None:
    assert_passed(judge(expectation, alerts()))
    assert_unknown(judge(expectation, alerts()[1:]))


@pytest.mark.parametrize("case", EXPECTED)
def test_an_alert_too_many_or_too_few_fails(case: str) -> None:
    wrong = (ALERT,) * (2 if EXPECTED[case] else 1)
    assert_failed(judge("EVENT-12.E1", alerts(case, alerts=wrong)), f"{case}: {len(wrong)} alerts")
    if EXPECTED[case]:
        assert_failed(judge("EVENT-12.E1", alerts(case, alerts=())), f"{case}: 0 alerts")


def test_an_alert_that_leads_nowhere_or_is_late_fails() -> None:
    nowhere = ({**ALERT, "correlation_ids": ["of-others"]},)
    assert_failed(judge("EVENT-12.E2", alerts("one reuse", alerts=nowhere)), "leads to none of the flows")
    assert_failed(judge("EVENT-12.E2", alerts("one reuse", seconds=61.0)), "took 61 s")


@pytest.mark.parametrize(
    ("alert", "words"),
    [
        ({**ALERT, "subject": "x"}, "the alert tells subject"),
        ({**ALERT, "dimension": "alice@example.com"}, "of whom it is"),
        ({**ALERT, "stage": "prod"}, "another stage"),
        ({name: ALERT[name] for name in ("stage", "correlation_ids")}, "does not tell count"),
    ],
)
def test_an_alert_with_more_or_less_than_it_may_tell_fails(alert: dict[str, Any], words: str) -> None:
    assert_failed(judge("EVENT-12.E3", alerts("one reuse", alerts=(alert,))), words)
