"""The checks of SYNC-02, -06, -07 and -08, each on a record that passes and on ones that fail, or prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.checks.sync_failures import CASES, SLOW
from harness.observations import (
    BusCapture,
    BusEvent,
    Observation,
    PageView,
    SyncRequest,
    SyncState,
    SyncTraffic,
    SyncWrites,
)
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

TEXTS = ("note 1", "note 2")
IDS = ("c 1", "c 2")


def request(what: Any, at: float, status: int | None = 200, token: str = "", **more: Any) -> SyncRequest:
    return SyncRequest(what, at, at + 0.1, status, token, **more)


def state(case: str, **more: Any) -> SyncState:
    kept: dict[str, Any] = {"state": "fresh", "unsaved": 0, "shown": TEXTS, "stored": TEXTS, "acknowledged": 2}
    return SyncState(case=case, **{**kept, "asks_for_login": False, "cookies": ("__Host-session",), **more})


def writes(case: str, texts: tuple[str, ...] = TEXTS, took: float = 5.0) -> SyncWrites:
    return SyncWrites(case=case, texts=texts, milliseconds=(took,) * len(texts))


def traffic(case: str, *requests: SyncRequest) -> SyncTraffic:
    return SyncTraffic(case=case, requests=requests)


REFUSED = request("push", 1, 401, "s.1", mutations=IDS)
AGAIN = request("push", 2, 200, "s.2", mutations=IDS)
TOKEN, OTHER_TOKEN = "{{access_token:1:9}}", "{{access_token:2:9}}"


def refreshed() -> list[Observation]:
    api = [request("api push", 1, 401, TOKEN), request("api push", 2, 200, OTHER_TOKEN)]
    return [
        writes("written"),
        traffic("the traffic", REFUSED, request("token", 1.5, 200, OTHER_TOKEN), AGAIN, *api),
        state("saved"),
        writes("written in vain", ("late",)),
        state("the session is over", state="ended", unsaved=1, shown=("late",), asks_for_login=True, cookies=()),
        traffic("the traffic of the end", REFUSED, request("token", 1.5, 400)),
        capture(),
    ]


def capture(events: int = 1) -> BusCapture:
    made = (BusEvent("auth.refresh_failed", "app.dev", {}, {}),) * events
    return BusCapture(case="the session is over", stage="dev", events=made, settled=True)


def failures() -> list[Observation]:
    seen: list[Observation] = []
    for case in CASES:
        times = (0.0, 35.0) if case == SLOW else (0.0, 2.5, 7.5, 17.5)
        asked = [request("token", at, 503) for at in times[:-1]]
        seen += [
            state(f"{case}: while it lasts", state="waiting", unsaved=1),
            state(f"{case}: meanwhile", state="waiting", unsaved=1),
            traffic(
                f"{case}: the traffic",
                *asked,
                request("token", times[-1], 200, TOKEN),
                request("refresh", times[-1], 200, "s.2"),
                request("api push", times[-1] + 1, 200, TOKEN),
            ),
            state(f"{case}: afterwards"),
        ]
    return seen


def hanging() -> list[Observation]:
    return [
        writes("written before", TEXTS[:1]),
        writes("written while it hangs", TEXTS[1:]),
        state("while it hangs", unsaved=1),
        state("when it has waited", state="waiting", unsaved=1),
        traffic("the traffic of the hang", REFUSED, request("push", 20, 401)),
        state("after the recovery", seconds=13.0),
        state("when the other tab is closed", seconds=1.0),
    ]


def view(case: str, text: str, signed_in: bool) -> PageView:
    return PageView(case=case, url="u", title="t", text=text, alerts=(), document_cookie="", signed_in=signed_in)


def logged_out() -> list[Observation]:
    blocked = state("signed out while it is blocked", shown=("theirs",), databases=("rep:b", "replicache-dbs-v0"))
    return [
        state("before the logout", databases=("rep:a", "replicache-dbs-v0")),
        state("signed out", shown=()),
        view("signed out", "You are signed out.", False),
        blocked,
        view(blocked.case, "What this browser holds could not be deleted.", False),
        state("the next login, unblocked", databases=("rep:a", "replicache-dbs-v0")),
        state("not saved yet", unsaved=2),
        view("asked about what is not saved", "2 changes are not saved.", True),
        state("not open yet", state="starting", databases=("rep:a", "replicache-dbs-v0")),
        state("asked about what is not open yet: the question", text="Some changes may not be saved."),
        view("asked about what is not open yet", "Notes", True),
        writes("written meanwhile"),
        traffic("the first user's traffic", request("push", 1, mutations=IDS, group="g1")),
        traffic("the next user's traffic", request("push", 1, mutations=("d 1",), group="g2")),
        state("the next user", shown=()),
    ]


RECORDS: dict[str, Callable[[], list[Observation]]] = {
    **dict.fromkeys(("SYNC-02.E1", "SYNC-02.E2", "SYNC-02.E3", "SYNC-02.E4", "SYNC-06.E1"), refreshed),
    **dict.fromkeys(("SYNC-06.E2", "SYNC-06.E3"), failures),
    **dict.fromkeys(("SYNC-07.E1", "SYNC-07.E2", "SYNC-07.E3", "SYNC-07.E4"), hanging),
    **dict.fromkeys(("SYNC-08.E1", "SYNC-08.E2", "SYNC-08.E3", "SYNC-08.E4"), logged_out),
}


def changed(expectation: str, case: str, kind: type[Observation], **changes: Any) -> Sequence[Observation]:
    """The record that passes, with a change of one observation."""
    record = RECORDS[expectation]()
    assert [one for one in record if one.case == case and isinstance(one, kind)]
    return [replace(one, **changes) if one.case == case and isinstance(one, kind) else one for one in record]


@pytest.mark.parametrize("expectation", RECORDS)
def test_a_page_that_does_it_right_passes(expectation: str) -> None:
    assert_passed(judge(expectation, RECORDS[expectation]()))


@pytest.mark.parametrize("expectation", RECORDS)
def test_nothing_observed_proves_nothing(expectation: str) -> None:
    assert_unknown(judge(expectation, [writes("something else")]))


T, S, W, V = SyncTraffic, SyncState, SyncWrites, PageView
ONCE = request("token", 1.5, 200, OTHER_TOKEN)
WRONG: list[tuple[str, str, type[Observation], dict[str, Any], str]] = [
    ("SYNC-02.E1", "the traffic", T, {"requests": (REFUSED, ONCE, ONCE, AGAIN)}, "asked 2 times"),
    ("SYNC-02.E1", "the traffic", T, {"requests": (REFUSED, AGAIN)}, "asked 0 times"),
    ("SYNC-02.E2", "the traffic", T, {"requests": (REFUSED,)}, "were not pushed again"),
    ("SYNC-02.E2", "the traffic", T, {"requests": (REFUSED, replace(AGAIN, mutations=("c 2",)))}, "but 1 others"),
    ("SYNC-02.E2", "the traffic", T, {"requests": (REFUSED, replace(AGAIN, token="s.1"))}, "the same token"),
    ("SYNC-02.E3", "saved", S, {"stored": TEXTS[:1]}, "the server has 1 notes"),
    ("SYNC-02.E3", "saved", S, {"stored": TEXTS[::-1]}, "in another order"),
    ("SYNC-02.E3", "saved", S, {"acknowledged": 1}, "1 mutations are acknowledged"),
    ("SYNC-02.E4", "the session is over", S, {"state": "fresh", "asks_for_login": False}, "does not ask"),
    ("SYNC-02.E4", "the session is over", S, {"shown": ()}, "are not shown any more"),
    ("SYNC-06.E1", "the session is over", S, {"cookies": ("__Host-session",)}, "still has __Host-session"),
    ("SYNC-06.E1", "the session is over", BusCapture, {"events": capture(2).events}, "told of 2 failed refreshes"),
    ("SYNC-06.E1", "the traffic of the end", T, {"requests": (REFUSED, ONCE, ONCE)}, "asked 2 times"),
    ("SYNC-06.E2", f"{CASES[0]}: meanwhile", S, {"cookies": ()}, "was given up"),
    ("SYNC-06.E2", f"{CASES[0]}: afterwards", S, {"unsaved": 1}, "1 changes are not saved"),
    ("SYNC-06.E3", f"{CASES[3]}: the traffic", T,
     {"requests": (request("token", 0, 200), request("refresh", 0, 200, "s.2"))}, "a page was taken"),
    ("SYNC-07.E1", "when it has waited", S, {"state": "fresh"}, "still waits"),
    ("SYNC-07.E1", "the traffic of the hang", T, {"requests": (REFUSED,) * 9}, "more than 8 pushes"),
    ("SYNC-07.E2", "written while it hangs", W, {"milliseconds": ()}, "the note 1 of 1 was not shown"),
    ("SYNC-07.E2", "written while it hangs", W, {"milliseconds": (900.0,)}, "a note took 900 ms"),
    ("SYNC-07.E3", "after the recovery", S, {"seconds": 31.0}, "31 s after the recovery"),
    ("SYNC-07.E3", "after the recovery", S, {"stored": TEXTS[:1]}, "1 of 2 notes are not at the server"),
    ("SYNC-07.E4", "when the other tab is closed", S, {"unsaved": 2}, "2 changes are not saved"),
    ("SYNC-08.E1", "signed out", S, {"databases": ("rep:a",)}, "rep:a is left"),
    ("SYNC-08.E1", "the next login, unblocked", S, {"databases": ("rep:b",)}, "rep:b was not deleted"),
    ("SYNC-08.E1", "the next login, unblocked", S, {"shown": ("theirs",)}, "1 notes of before are shown"),
    ("SYNC-08.E2", "asked about what is not saved", V, {"text": "You are signed out.", "signed_in": False}, "not told"),
    ("SYNC-08.E2", "signed out", S, {"stored": ()}, "2 changes were lost"),
    ("SYNC-08.E2", "asked about what is not open yet", V, {"signed_in": False}, "was loaded may not be saved"),
    ("SYNC-08.E2", "asked about what is not open yet: the question", S, {"text": "Notes"}, "may not be saved"),
    ("SYNC-08.E3", "the next user", S, {"shown": TEXTS}, "2 notes of the first user"),
    ("SYNC-08.E3", "the next user's traffic", T,
     {"requests": (request("push", 1, mutations=IDS, group="g1"),)}, "has the client group of the first"),
    ("SYNC-08.E4", "signed out while it is blocked", V, {"text": "You are signed out."}, "says nothing of it"),
]  # fmt: skip


SPENT, NEXT = "{{refresh_token:1:9}}", "{{refresh_token:2:9}}"


def token_requests(*requests: tuple[float, float, str]) -> Sequence[Observation]:
    """The record of a refused token, with these requests to the token endpoint: when, until when, and for what."""
    asked = [SyncRequest("token", at, until, 200, OTHER_TOKEN, spent) for at, until, spent in requests]
    return changed("SYNC-02.E1", "the traffic", T, requests=(REFUSED, *asked, AGAIN))


@pytest.mark.parametrize(
    "again", [(5.5, 5.6, SPENT), (5.5, 7.0, SPENT)], ids=["answered at once", "answered when the first is"]
)
def test_a_refresh_that_is_sent_again_because_its_answer_is_late_is_one(again: tuple[float, float, str]) -> None:
    assert_passed(judge("SYNC-02.E1", token_requests((1.5, 7.0, SPENT), again)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((1.5, 1.6, SPENT), (1.7, 1.8, SPENT)),
        ((1.5, 7.0, SPENT), (1.6, 7.0, SPENT)),
        ((1.5, 1.6, SPENT), (5.5, 5.6, SPENT)),
        ((1.5, 7.0, SPENT), (5.5, 5.6, NEXT)),
    ],
    ids=["one after the other", "at once", "again though it was answered", "another token"],
)
def test_a_second_refresh_is_told_from_one_that_is_sent_again(
    first: tuple[float, float, str], second: tuple[float, float, str]
) -> None:
    assert_failed(judge("SYNC-02.E1", token_requests(first, second)), "asked 2 times")


@pytest.mark.parametrize(("expectation", "case", "kind", "changes", "words"), WRONG)
def test_a_page_that_does_it_wrong_fails(
    expectation: str, case: str, kind: type[Observation], changes: dict[str, Any], words: str
) -> None:
    assert_failed(judge(expectation, changed(expectation, case, kind, **changes)), words)


@pytest.mark.parametrize(
    ("case", "times", "words"),
    [
        (CASES[0], [n / 2 for n in range(12)], "more than 10 times"),
        (CASES[0], [0, 5, 10, 15], "does not grow"),
        (SLOW, [0, 9], "asked again after 9 s"),
        (SLOW, [0], "was not asked again"),
    ],
)
def test_a_token_endpoint_that_is_asked_too_often_fails(case: str, times: list[float], words: str) -> None:
    asked = tuple(request("token", at, 503) for at in times)
    assert_failed(judge("SYNC-06.E2", changed("SYNC-06.E2", f"{case}: the traffic", T, requests=asked)), words)
