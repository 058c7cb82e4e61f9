from __future__ import annotations

from typing import Any

import pytest

from harness.checks.session_ends import AGAIN, BACK, EXPIRED, OFFLINE, REASONS, TABS
from harness.observations import BusCapture, BusEvent, Observation
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge, refused

NOW = 1_800_000_000.0


def logout(reason: str = "user", id: str = "1", occurred_at: str = "2027-01-15T08:00:01.000Z") -> BusEvent:
    told = {"event_id": id, "reason": reason, "occurred_at": occurred_at}
    return BusEvent("auth.logout", "app.dev", told, {})


def capture(case: str, *events: BusEvent, began: float = NOW, settled: bool = True) -> BusCapture:
    return BusCapture(case=case, stage="dev", events=events, settled=settled, began_at=began, ended_at=began + 2)


def ends(changed: str = "", *events: BusEvent) -> list[Observation]:
    seen: list[Observation] = [exchange(TABS, 303, role="tab") for _ in range(3)]
    for case, reasons in REASONS.items():
        seen.append(capture(case, *(events if case == changed else [logout(min(reasons))])))
        seen.append(refused(f"{case}: presented again", role="token"))
    return seen


def test_ends_that_are_told_once_with_their_reason_pass() -> None:
    assert_passed(judge("EVENT-02.E1", ends()))


@pytest.mark.parametrize("case", REASONS)
def test_an_end_that_is_told_never_twice_or_wrongly_fails(case: str) -> None:
    reason = min(REASONS[case])
    assert_failed(judge("EVENT-02.E1", ends(case)), "told by 0 events")
    assert_failed(judge("EVENT-02.E1", ends(case, logout(reason), logout(reason, "2"))), "told by 2 events")
    assert_failed(judge("EVENT-02.E1", ends(case, logout("expired"))), "told as expired")


@pytest.mark.parametrize("case", REASONS)
def test_an_end_that_is_told_as_of_another_time_fails(case: str) -> None:
    for at, late in (
        ("2027-01-16T08:00:01.000Z", "86399 s"),
        ("2027-01-15T07:59:50.000Z", "-12 s"),
        ("", "told as of"),
    ):
        assert_failed(judge("EVENT-02.E1", ends(case, logout(min(REASONS[case]), occurred_at=at))), late)


def test_an_event_that_is_delivered_twice_is_one() -> None:
    assert_passed(judge("EVENT-02.E1", ends(TABS, logout(), logout())))


def test_a_session_that_did_not_end_proves_nothing() -> None:
    alive = [exchange(o.case, 200, role="token") if "presented again" in o.case else o for o in ends()]
    assert_unknown(judge("EVENT-02.E1", alive))
    assert_unknown(judge("EVENT-02.E1", ends()[1:]))
    assert_unknown(judge("EVENT-02.E1", []))


def offline(*late: BusEvent, early: tuple[BusEvent, ...] = (), began: float = NOW + 600) -> list[Observation]:
    return [capture(OFFLINE, *early), capture(BACK, *late, began=began)]


def test_an_end_offline_is_told_later_as_of_its_own_time() -> None:
    assert_passed(judge("EVENT-02.E2", offline(logout())))
    assert_failed(judge("EVENT-02.E2", offline()), "told by 0 events")
    assert_failed(judge("EVENT-02.E2", offline(logout(occurred_at="2027-01-15T08:10:01.000Z"))), "599 s after")
    assert_failed(judge("EVENT-02.E2", offline(logout(occurred_at="2027-01-15T08:00:01+00:00"))), "told as of")


def test_where_nobody_was_offline_nothing_is_known() -> None:
    assert_unknown(judge("EVENT-02.E2", offline(logout(), early=(logout(),))))
    assert_unknown(judge("EVENT-02.E2", offline(logout(), began=NOW + 1)))


def again(*events: BusEvent, expired: tuple[BusEvent, ...] = (), status: int = 200) -> list[Observation]:
    asked: list[Any] = [exchange(case, status) for case in ("given back for the first time", AGAIN, EXPIRED)]
    return [*asked, capture(AGAIN, *events), capture(EXPIRED, *expired)]


def test_what_has_ended_does_not_end_again() -> None:
    assert_passed(judge("EVENT-02.E3", again()))
    assert_passed(judge("EVENT-02.E3", again(expired=(logout("expired"),))))
    assert_failed(judge("EVENT-02.E3", again(logout())), "1 more events")
    assert_failed(judge("EVENT-02.E3", again(expired=(logout("user"),))), "told as user")
    twice = (logout("expired"), logout("expired", "2"))
    assert_failed(judge("EVENT-02.E3", again(expired=twice)), "told as expired, expired")
    assert_unknown(judge("EVENT-02.E3", again(status=503)))
