from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.bus_outage import AFTER, AWAY, BACK, BEFORE, WELL
from harness.model import Parameter
from harness.observations import BufferFill, BusCapture, BusEvent, HttpExchange, Observation
from tests.harness.checks import records
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

NOW = 1_800_000_000.0
THEN = "2027-01-15T08:00:01.000Z"


@pytest.fixture(autouse=True)
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("bus_outage", 600.0), ("bus_delivery", 60.0)):
        monkeypatch.setitem(records.PARAMETERS, name, Parameter(name, value, "s", "a test"))


def actions(case: str, seconds: float = 0.1, status: int = 200) -> list[HttpExchange]:
    code = {"role": "token", "request_body": "grant_type=authorization_code"}
    made = [exchange(case, status, **code), exchange(case, status, role="revocation"), exchange(case, status)]
    return [replace(one, seconds=seconds) for one in made]


def all_actions(changed: str = "", **changes: Any) -> list[Observation]:
    return [o for case in (WELL, *AWAY) for o in actions(case, **(changes if case == changed else {}))]


def test_actions_that_go_on_as_usual_pass() -> None:
    assert_passed(judge("EVENT-09.E1", all_actions()))


def test_actions_that_fail_or_wait_for_the_bus_fail() -> None:
    assert_failed(judge("EVENT-09.E1", all_actions("503", status=503)), "answered 503")
    assert_failed(judge("EVENT-09.E1", all_actions("hanging", seconds=0.7)), "3 of 3 actions took more than 0.60 s")


def test_actions_without_an_answer_or_a_baseline_prove_nothing() -> None:
    silent = [
        replace(o, status=None) if o.case == "refused" else o for o in all_actions() if isinstance(o, HttpExchange)
    ]
    assert_unknown(judge("EVENT-09.E1", silent))
    assert_unknown(judge("EVENT-09.E1", [o for o in all_actions() if o.case != WELL]))


def told(type: str, id: str, occurred_at: str = THEN) -> BusEvent:
    return BusEvent(type, "app.dev", {"event_id": id, "occurred_at": occurred_at}, {})


BOTH = (told("auth.login", "1"), told("auth.logout", "2"))


def outages(*events: BusEvent, **changes: Any) -> list[Observation]:
    seen = all_actions()
    for case in AWAY:
        whole: dict[str, Any] = {"settled": True, "seconds": 3.0, "began_at": NOW, "ended_at": NOW + 603}
        here = events if case == "503" and events else BOTH
        seen.append(BusCapture(case=case, stage="dev", events=here, **{**whole, **changes}))
    return seen


def test_events_that_are_delivered_afterwards_with_their_own_times_pass() -> None:
    assert_passed(judge("EVENT-09.E2", outages()))
    assert_passed(judge("EVENT-09.E2", outages(*BOTH, *BOTH)))


def test_events_that_are_lost_late_or_restamped_fail() -> None:
    assert_failed(judge("EVENT-09.E2", outages(BOTH[0])), "of 1 auth.logout 0 were delivered")
    restamped = told("auth.logout", "2", "2027-01-15T08:10:02.000Z")
    assert_failed(judge("EVENT-09.E2", outages(BOTH[0], restamped)), "another time than theirs")
    assert_failed(judge("EVENT-09.E2", outages(seconds=70.0)), "within 60 s")
    assert_failed(judge("EVENT-09.E2", outages(settled=False)), "within 60 s")


def test_where_nobody_logged_in_nothing_is_known() -> None:
    assert_unknown(judge("EVENT-09.E2", [o for o in outages() if o.about.get("role") != "revocation"]))


def restart(*ids: str, settled: bool = True) -> list[Observation]:
    logins = tuple(told("auth.login", id) for id in ids)
    capture = BusCapture(case=BACK, stage="dev", events=logins, settled=settled)
    return [exchange(BEFORE, 200, role="token"), exchange(AFTER, 200, role="token"), capture]


def test_logins_of_both_sides_of_a_restart_must_be_told() -> None:
    assert_passed(judge("EVENT-09.E3", restart("1", "2")))
    assert_failed(judge("EVENT-09.E3", restart("2")), "of 2 logins 1 were told")
    assert_unknown(judge("EVENT-09.E3", restart("1", "2", settled=False)))
    assert_unknown(judge("EVENT-09.E3", restart("1", "2")[1:]))


def fill(**changes: Any) -> list[Observation]:
    whole: dict[str, Any] = {"kept": ("1", "2"), "counted": 1, "alarms": ("full",), **changes}
    return [BufferFill(case="more than the buffer holds", limit=2, policy="oldest", submitted=("1", "2", "3"), **whole)]


def test_a_full_buffer_must_keep_its_oldest_count_the_rest_and_say_so() -> None:
    assert_passed(judge("EVENT-09.E4", fill()))
    assert_failed(judge("EVENT-09.E4", fill(kept=("2", "3"))), "or others")
    assert_failed(judge("EVENT-09.E4", fill(alarms=())), "nothing says so")
    assert_failed(judge("EVENT-09.E4", fill(counted=0)), "0 were counted")
    assert_unknown(judge("EVENT-09.E4", []))
