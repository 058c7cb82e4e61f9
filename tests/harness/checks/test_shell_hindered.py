"""What becomes of a desktop shell of which something hangs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.shell_hindered import LAST, OBSTACLES, USUAL
from harness.observations import Observation, SyncState, SyncWrites
from harness.observations.bridge import BridgeCall, BridgeCalls, HeldSession, Replies, Settlement, Settlements
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

Seen = list[Observation]
SETTLED, NEXT, LATE, WINDOW, NOTES = ALL = [f"BRIDGE-05.E{number}" for number in range(1, 6)]
CODES = ("Timeout", "Unavailable")
BEFORE, AFTER = "before the late answer", "after the late answer"
WRITTEN = {
    case: (f"{case} 1", f"{case} 2") for case in ("written before", "written while silent", "written while held")
}


def settlement(**changes: Any) -> Settlement:
    return replace(Settlement("getSession", 5.0, {"Timeout": 20}, 5.2, 0.4), **changes)


def each(outcome: str = "value", seconds: float = 0.1) -> tuple[BridgeCall, ...]:
    return (BridgeCall("getSession", "getSession", outcome, seconds),)


def state(case: str, stored: tuple[str, ...]) -> SyncState:
    return SyncState(
        case=case, state="fresh", unsaved=0, shown=stored, stored=stored, acknowledged=0, asks_for_login=False
    )


def seen_all() -> Seen:
    usual = settlement(outcomes={"value": 20}, seconds=0.1)
    session = HeldSession(
        case=BEFORE, signed_in=True, account="second", number=3, handle="0011.1", data="value", late=0
    )
    return [
        Settlements(case=USUAL, codes=CODES, calls=(usual,), longest=20.0),
        BridgeCalls(case=f"after {USUAL}", codes=CODES, calls=each()),
        *(Settlements(case=one, codes=CODES, calls=(settlement(),), longest=60.0) for one in (*OBSTACLES, LAST)),
        *(BridgeCalls(case=f"after {one}", codes=CODES, calls=each()) for one in OBSTACLES),
        Replies(case="replies", number=200, twice=0),
        session,
        replace(session, case=AFTER, late=1),
        *(SyncWrites(case=case, texts=texts, milliseconds=(10.0, 12.0)) for case, texts in WRITTEN.items()),
        state("saved before", WRITTEN["written before"]),
        state("after the recovery", sum(WRITTEN.values(), ())),
    ]


def changed(case: str, **changes: Any) -> Seen:
    return [replace(one, **changes) if one.case == case else one for one in seen_all()]


@pytest.mark.parametrize("expectation", ALL)
def test_a_shell_that_goes_on_passes(expectation: str) -> None:
    assert_passed(judge(expectation, seen_all()))
    assert_unknown(judge(expectation, []))


@pytest.mark.parametrize(
    ("expectation", "case", "changes", "words"),
    [
        (SETTLED, "silent", {"calls": (settlement(outcomes={"pending": 3, "Timeout": 17}),)}, "3 calls: pending"),
        (SETTLED, "held", {"calls": (settlement(outcomes={"TypeError: x": 1, "Timeout": 19}),)}, "TypeError: x"),
        (SETTLED, "store blocks", {"calls": (settlement(seconds=5.7),)}, "5.7 s, and its limit is 5 s"),
        (SETTLED, LAST, {"calls": (settlement(method="signOut", outcomes={"pending": 1}),)}, "signOut: 1 calls"),
        (NEXT, "after store breaks", {"calls": each("Timeout")}, "after store breaks: getSession: Timeout"),
        (NEXT, "after held", {"calls": each(seconds=2.2)}, "took 2.2 s"),
        (LATE, AFTER, {"handle": "0011.2"}, "handle is 0011.2 after the late answer"),
        (LATE, AFTER, {"data": "NotAuthenticated"}, "data is NotAuthenticated"),
        (LATE, AFTER, {"account": "existing"}, "account is existing"),
        (LATE, "replies", {"twice": 2}, "2 of 200 calls were answered twice"),
        (WINDOW, "reset", {"longest": 201.0}, "did nothing else for 201 ms"),
        (WINDOW, "silent", {"calls": (settlement(returned=250.0),)}, "getSession came back after 250 ms only"),
        (NOTES, "written while silent", {"milliseconds": (10.0,)}, "the note 2 of 2 was not shown while silent"),
        (NOTES, "written while held", {"milliseconds": (900.0, 950.0)}, "a note took 925 ms"),
        (NOTES, "after the recovery", {"stored": WRITTEN["written before"]}, "4 of 6 notes are not saved"),
    ],
)
def test_a_shell_that_is_held_up_fails(expectation: str, case: str, changes: dict[str, Any], words: str) -> None:
    assert_failed(judge(expectation, changed(case, **changes)), words)


@pytest.mark.parametrize(
    ("expectation", "case", "changes"),
    [
        *(
            (expectation, one, {"calls": (settlement(outcomes={"value": 20}),)})
            for expectation in (SETTLED, NEXT, WINDOW)
            for one in OBSTACLES
        ),
        *(
            (expectation, USUAL, {"calls": calls})
            for expectation in (SETTLED, NEXT)
            for calls in ((), (settlement(outcomes={"value": 20}, seconds=3.1),))
        ),
        (NEXT, f"after {USUAL}", {"calls": each("Unavailable")}),
        (NEXT, "after reset", {"calls": ()}),
        (LATE, BEFORE, {"signed_in": False}),
        (LATE, BEFORE, {"data": "Unavailable"}),
        (LATE, AFTER, {"late": 0}),
        (LATE, "replies", {"number": 0}),
        (WINDOW, USUAL, {"longest": None}),
        (WINDOW, "held", {"longest": None}),
        (NOTES, "saved before", {"stored": ()}),
        (NOTES, "written before", {"milliseconds": ()}),
        (NOTES, "written while held", {"texts": (), "milliseconds": ()}),
    ],
)
def test_what_was_not_seen_is_unknown(expectation: str, case: str, changes: dict[str, Any]) -> None:
    assert_unknown(judge(expectation, changed(case, **changes)))
