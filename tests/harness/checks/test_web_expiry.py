"""What the checks of the end of what a browser keeps conclude."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.web_expiry import (
    AGAIN,
    ALTERED,
    ENDS,
    LOGIN,
    OFFLINE,
    ONLINE,
    RESTED,
    SERVER,
    SET_BACK,
    STARTED,
    WITHOUT,
)
from harness.model import Judgement
from harness.observations import Observation
from harness.observations.web_expiry import DatabaseEnd, DataExpiry, KeptData
from harness.observations.web_logout import TabView, UserNotes
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

END = 1_800_000_000.0


def view(case: str, *shows: str) -> TabView:
    return TabView(case=case, about={"tab": ""}, path="/", signed_out=not shows, shows=shows)


def kept(case: str, *databases: str, seconds: float = 0.2) -> KeptData:
    return KeptData(case=case, databases=databases, seconds=seconds)


def ends(*databases: DatabaseEnd) -> DataExpiry:
    return DataExpiry(case=ENDS, databases=databases, session_ends_at=END)


def whole() -> list[Observation]:
    before = [f"{login}: before the end" for login in (LOGIN, AGAIN)]
    return [
        *(view(case, "name", "note") for case in before),
        *(kept(case, "rep:a") for case in before),
        ends(DatabaseEnd("rep:a", END + 0.9), DatabaseEnd("list", END - 60)),
        *(view(case) for case in (WITHOUT, STARTED, RESTED, OFFLINE, ONLINE, SET_BACK, ALTERED)),
        *(kept(case) for case in (STARTED, OFFLINE, SET_BACK, ALTERED)),
        UserNotes(case=SERVER, about={"user": "first"}, texts=("a note",)),
    ]


def judged(number: int, *changed: Observation) -> Judgement:
    """Of a record in which these stand for those of the same kind and case."""
    seen = whole()
    for new in changed:
        same = [(one.kind, one.case) == (new.kind, new.case) for one in seen]
        assert any(same), f"no {new.kind} {new.case!r}"
        seen = [new if is_same else one for one, is_same in zip(seen, same, strict=True)]
    return judge(f"WEB-03.E{number}", seen)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_data_that_ends_with_its_session_passes(number: int) -> None:
    assert_passed(judged(number))


@pytest.mark.parametrize(
    ("number", "changed", "words"),
    [
        (1, ends(DatabaseEnd("rep:a", None)), "rep:a has no end"),
        (1, ends(DatabaseEnd("rep:a", END + 60)), "rep:a ends 60 s after the session"),
        (2, kept(STARTED, "rep:a", seconds=5.0), "rep:a is kept after 5 s"),
        (2, kept(STARTED, seconds=2.5), "databases were kept for 2.5 s"),
        *((2, view(case, "note"), f"{case}: / shows the user's note") for case in (WITHOUT, STARTED, RESTED)),
        (3, view(OFFLINE, "name", "note"), "shows the user's name and note"),
        (3, view(ONLINE, "note"), "with a network again: / shows"),
        (3, kept(OFFLINE, "rep:a"), "rep:a is kept"),
        (3, UserNotes(case=SERVER, texts=("a note", "unsent 1")), "an edit was sent after the end"),
        *((4, view(case, "name"), f"{case}: / shows the user's name") for case in (SET_BACK, ALTERED)),
        *((4, kept(case, "rep:a"), f"{case}: rep:a is kept") for case in (SET_BACK, ALTERED)),
    ],
)
def test_what_outlasts_its_session_is_told(number: int, changed: Observation, words: str) -> None:
    assert_failed(judged(number, changed), words)


@pytest.mark.parametrize(
    ("number", "changed"),
    [
        (1, ends()),
        *((number, view(f"{LOGIN}: before the end")) for number in (2, 3, 4)),
        *((number, kept(f"{LOGIN}: before the end")) for number in (2, 3, 4)),
        (3, UserNotes(case=SERVER, texts=())),
        *(
            (number, replace(view(case), signed_out=False))
            for number, cases in ((2, (STARTED, RESTED)), (3, (OFFLINE, ONLINE)), (4, (SET_BACK, ALTERED)))
            for case in cases
        ),
        (4, kept(f"{AGAIN}: before the end")),
    ],
)
def test_what_shows_nothing_is_unknown(number: int, changed: Any) -> None:
    assert_unknown(judged(number, changed))


@pytest.mark.parametrize(("number", "needed"), [(1, 1), (2, 6), (3, 6), (4, 8)])
def test_nothing_passes_on_a_record_in_which_something_is_missing(number: int, needed: int) -> None:
    seen = whole()
    judgements = [judge(f"WEB-03.E{number}", [*seen[:i], *seen[i + 1 :]]) for i in range(len(seen))]
    assert sum(one.verdict.name == "UNKNOWN" for one in judgements) == needed
