"""What becomes of sign-ins that are moved to the secure store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.moves import DISTURBED, HELD, IMPORTED, LAST, LEGACY, MOVED, SOURCES, UNMOVED
from harness.model import Verdict
from harness.observations import (
    Hit,
    HttpExchange,
    MovePoint,
    MoveTable,
    NativeItem,
    NativeListing,
    Observation,
    PageView,
    SecretScan,
    StoreState,
)
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

E1, E2, E3 = (f"STORE-10.E{number}" for number in range(1, 4))
SOUND = MovePoint("undisturbed", "undisturbed", "newest", ("a system's store",), "newest", "newest")
POINTS = (
    *(replace(SOUND, place=f"{number}. write", ended="failed") for number in range(4)),
    replace(SOUND, place="2. read", ended="altered"),
    *(replace(SOUND, place=f"store.py:{number}", ended="killed", read=None) for number in range(4)),
)
Seen = list[Observation]


def tables(point: MovePoint = SOUND, points: tuple[MovePoint, ...] = POINTS, mode: str = "secure") -> Seen:
    """Every arrangement, with this undisturbed move and these disturbed ones where there are some."""
    return [
        MoveTable(
            case=MOVED, source=source, store=held, mode=mode, steps=("write",), undisturbed=point,
            points=points if held == DISTURBED else (),
        )
        for source in SOURCES
        for held in HELD
    ]  # fmt: skip


@pytest.mark.parametrize("expectation", [E1, E2])
def test_moves_that_leave_one_copy_and_lose_none_pass(expectation: str) -> None:
    assert_passed(judge(expectation, tables()))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stored": "older"}, "the store holds the older value"),
        ({"stored": "missing"}, "the store holds nothing"),
        ({"left": ("profile/Local Storage/leveldb/000003.log",)}, "a second copy is left in profile/Local Storage"),
        ({"warning": "it will be lost"}, "still warns"),
    ],
)
def test_a_move_that_leaves_anything_else_than_the_newest_value_fails(changes: dict[str, Any], words: str) -> None:
    assert_failed(judge(E1, tables(replace(SOUND, **changes))), words)


def test_a_client_that_stays_in_memory_has_not_moved() -> None:
    assert_failed(judge(E1, tables(mode="memory-only")), "memory-only")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"copies": ()}, "no copy of the newest value was left"),
        ({"read": "missing"}, "the client reads nothing"),
        ({"read": "older"}, "the client reads the older value"),
        ({"resumed": "error"}, "the next start reads what cannot be read"),
        ({"stored": "missing"}, "does not complete the move"),
        ({"left": ("vault/x.sealed",)}, "does not complete the move"),
    ],
)
def test_a_step_that_fails_and_loses_something_fails(changes: dict[str, Any], words: str) -> None:
    points = (*POINTS, replace(POINTS[0], place="5. write", **changes))
    assert_failed(judge(E2, tables(points=points)), words)


def test_a_copy_that_is_left_without_any_disturbance_is_no_matter_of_the_disturbances() -> None:
    left = ("profile/local-storage.json",)
    seen = tables(replace(SOUND, left=left), tuple(replace(point, left=left) for point in POINTS))
    assert_passed(judge(E2, seen))


@pytest.mark.parametrize(
    "points",
    [
        (),
        POINTS[1:],
        tuple(point for point in POINTS if point.ended != "altered"),
        (*POINTS, replace(SOUND, ended="missed")),
    ],
)
def test_moves_that_were_hardly_disturbed_say_nothing(points: tuple[MovePoint, ...]) -> None:
    assert_unknown(judge(E2, tables(points=points)))


@pytest.mark.parametrize("expectation", [E1, E2])
def test_a_place_that_was_not_tried_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, tables()[1:]))
    assert_unknown(judge(expectation, []))


def state(case: str, **changes: Any) -> StoreState:
    return StoreState(case=case, **{"mode": "secure", "back_end": "Secret Service", "signed_in": True, **changes})


def scan(case: str, *places: str) -> SecretScan:
    return SecretScan(
        case=case, places=("home",), bytes=1000, kinds=("refresh_token",), planted_found=True,
        hits=tuple(Hit(place, "old") for place in places),
    )  # fmt: skip


def listing(*secrets: str) -> NativeListing:
    return NativeListing(case=MOVED, items=(NativeItem("prod/first/refresh_token", "login", "f", secrets),))


def imported() -> Seen:
    """A client that found a token of an earlier version, and renewed it."""
    return [
        exchange(LEGACY, 200, {"refresh_token": "old"}, role="token"),
        scan(UNMOVED, "home/app/local-storage.json", "home/app/Local Storage/leveldb/000003.log"),
        exchange(MOVED, 200, {"refresh_token": "new"}, request_body="refresh_token=old", role="tap"),
        state(MOVED),
        listing("new"),
        scan(MOVED),
        exchange(LAST, 200, {"refresh_token": "new"}, role="tap"),
        exchange(IMPORTED, 400, {"error": "invalid_grant"}, role="token"),
    ]


def recovered() -> Seen:
    """A client that was in memory, and is not any more."""
    away = state(UNMOVED, mode="memory-only", warning="it will be lost")
    pages = [page(UNMOVED, "it will be lost"), page(MOVED)]
    return [away, *pages, *(one for one in imported() if one.case in (MOVED, LAST))]


def page(case: str, *alerts: str) -> PageView:
    return PageView(case=case, about={"page": "settings"}, url="", title="", text="", alerts=alerts)


def changed(seen: Seen, type: type[Observation], case: str, **changes: Any) -> Seen:
    return [replace(one, **changes) if isinstance(one, type) and one.case == case else one for one in seen]


@pytest.mark.parametrize("seen", [imported(), recovered()], ids=["imported", "recovered"])
def test_a_client_whose_store_alone_holds_the_last_token_passes(seen: Seen) -> None:
    assert_passed(judge(E1, seen))
    held = listing("another")
    assert_failed(judge(E1, changed(seen, NativeListing, MOVED, items=held.items)), "does not hold the token")
    assert_failed(judge(E1, changed(seen, StoreState, MOVED, warning="it will be lost")), "still warns")
    left = scan(MOVED, "home/app/Local Storage/leveldb/000003.log").hits
    assert_failed(judge(E1, changed(seen, SecretScan, MOVED, hits=left)), "leveldb")
    assert_unknown(judge(E1, changed(seen, StoreState, MOVED, error="it is gone")))
    assert_unknown(judge(E1, changed(seen, HttpExchange, LAST, body="{}")))


def test_a_page_that_still_warns_fails() -> None:
    assert_failed(judge(E1, changed(recovered(), PageView, MOVED, alerts=("it will be lost",))), "the page still warns")


def test_where_nothing_was_to_be_moved_nothing_is_said() -> None:
    assert_unknown(judge(E1, changed(recovered(), StoreState, UNMOVED, mode="secure")))
    assert_unknown(judge(E1, changed(recovered(), PageView, UNMOVED, alerts=())))
    assert_unknown(judge(E1, [one for one in recovered() if not (isinstance(one, PageView) and one.case == MOVED)]))
    found = scan(UNMOVED, "home/app/local-storage.json").hits
    assert_unknown(judge(E1, changed(imported(), SecretScan, UNMOVED, hits=found)))


def test_an_imported_token_that_is_renewed_and_then_refused_passes() -> None:
    assert_passed(judge(E3, imported()))


def test_an_imported_token_that_is_not_renewed_or_still_taken_fails() -> None:
    unasked = [one for one in imported() if not (isinstance(one, HttpExchange) and one.case == MOVED)]
    elsewhere = changed(imported(), HttpExchange, MOVED, request_body="refresh_token=another")
    assert_failed(judge(E3, [*unasked, exchange(MOVED, 400, {}, role="tap")]), "did not ask the issuer")
    assert_failed(judge(E3, elsewhere), "did not ask the issuer")
    assert_failed(judge(E3, unasked), "did not ask the issuer")
    assert_failed(judge(E3, changed(imported(), HttpExchange, IMPORTED, status=200)), "still takes the token")


@pytest.mark.parametrize("changes", [{"mode": "memory-only"}, {"signed_in": False}])
def test_where_nothing_was_imported_nothing_was_to_be_renewed(changes: dict[str, Any]) -> None:
    assert_unknown(judge(E3, changed(imported(), StoreState, MOVED, **changes)))
    assert judge(E3, []).verdict is Verdict.UNKNOWN
