"""Checks of the session store under stress: one record that passes, and ones that fail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.checks.registry import judge
from harness.checks.store_trials import ALPHABETS, SIZES
from harness.model import Verdict
from harness.observations import (
    KilledRotation,
    KilledRotations,
    KillPoint,
    KillTable,
    Observation,
    Resumption,
    Resumptions,
    StoreEvent,
    StoreHistory,
    StoreListing,
    StoreOperation,
)
from harness.observe import Record

ABOUT = {"where": "files"}


def verdict(expectation: str, *observations: Observation) -> Verdict:
    return judge(expectation, Record([replace(o, id=str(n)) for n, o in enumerate(observations)]), {}).verdict


def size(value: str, outcome: str = "done", error: str = "", **read: object) -> tuple[StoreOperation, StoreOperation]:
    common = {"case": "sizes", "stage": "prod", "account": value, "item": "refresh_token"}
    written = StoreOperation(
        **common, operation="set", about=ABOUT, outcome=outcome, error=error, value=value, sha256="new", length=9,  # type: ignore[arg-type]
    )  # fmt: skip
    fields: dict[str, object] = {"outcome": "value", "sha256": "new", "length": 9, "is": "another", **read}
    about = {**ABOUT, "is": str(fields.pop("is"))}
    return written, StoreOperation(**common, operation="get", about=about, **fields)  # type: ignore[arg-type]


OLD: dict[str, Any] = {"is": "the value before", "sha256": "old", "length": 3}


def sizes(*changed: tuple[StoreOperation, StoreOperation]) -> list[Observation]:
    """All sizes, the largest refused, with some of them replaced."""
    names = [f"{number} {alphabet} characters" for number in SIZES for alphabet in ALPHABETS]
    trips = {name: size(name) for name in names}
    trips[names[-1]] = size(names[-1], "refused", "TooLarge", **OLD)
    trips |= {pair[0].value: pair for pair in changed}
    return [one for pair in trips.values() for one in pair]


FIRST = f"{SIZES[0]} {ALPHABETS[0]} characters"


def test_values_that_come_back_or_are_refused_as_too_large_are_in_order() -> None:
    assert verdict("STORE-11.E1", *sizes()) is Verdict.PASSED
    assert verdict("STORE-11.E2", *sizes()) is Verdict.PASSED


@pytest.mark.parametrize(
    "trip",
    [
        size(FIRST, sha256="short", length=5),
        size(FIRST, "error", "OSError", **OLD),
        size(FIRST, "refused", "ValueRefused", **OLD),
        (size(FIRST)[0], replace(size(FIRST)[1], outcome="error", error="Torn")),
    ],
    ids=["shorter", "failed", "refused as something else", "unreadable"],
)
def test_a_value_that_is_cut_or_fails_otherwise_is_found(trip: tuple[StoreOperation, StoreOperation]) -> None:
    assert verdict("STORE-11.E1", *sizes(trip)) is Verdict.FAILED


@pytest.mark.parametrize(
    "trip",
    [size(FIRST, **OLD), size(FIRST, "refused", "TooLarge"), size(FIRST, "refused", "TooLarge", sha256="x")],
    ids=["success told, old value kept", "refused and stored", "refused and another"],
)
def test_a_refusal_that_is_not_told_or_loses_the_value_before_is_found(
    trip: tuple[StoreOperation, StoreOperation],
) -> None:
    assert verdict("STORE-11.E2", *sizes(trip)) is Verdict.FAILED


def test_a_size_that_was_not_tried_is_unknown() -> None:
    assert verdict("STORE-11.E1", *sizes()[4:]) is Verdict.UNKNOWN


def point(found: str, **more: object) -> KillPoint:
    return KillPoint("files.py:1", True, found, **more)  # type: ignore[arg-type]


def table(case: str, points: Iterable[KillPoint], mode: str = "encrypted-file", **more: Sequence[str]) -> KillTable:
    return KillTable(case=case, mode=mode, points=tuple(points), **more)  # type: ignore[arg-type]


SOUND = [point("old"), point("old"), point("new"), point("new")]
IN_PARTS, STORING = "killed between parts", "killed while storing"


@pytest.mark.parametrize(("expectation", "case"), [("STORE-11.E3", IN_PARTS), ("STORE-13.E1", STORING)])
def test_a_kill_that_leaves_neither_value_is_found(expectation: str, case: str) -> None:
    assert verdict(expectation, table(case, SOUND)) is Verdict.PASSED
    for found in ("missing", "other", "error"):
        assert verdict(expectation, table(case, [*SOUND, point(found)])) is Verdict.FAILED


@pytest.mark.parametrize(("expectation", "case"), [("STORE-11.E3", IN_PARTS), ("STORE-13.E1", STORING)])
def test_kills_that_met_nothing_are_unknown(expectation: str, case: str) -> None:
    for points in ([], SOUND[:2], [point("new")] * 5, [*SOUND, replace(point("old"), killed=False)]):
        assert verdict(expectation, table(case, points)) is Verdict.UNKNOWN
    assert verdict(expectation, table(case, SOUND, mode="memory-only")) is Verdict.UNKNOWN


def test_a_file_that_takes_its_place_before_it_is_on_the_disk_is_found() -> None:
    assert verdict("STORE-13.E1", table(STORING, SOUND, unsynced=["a.sealed"])) is Verdict.FAILED


@pytest.mark.parametrize("trace", ["loose", "clear", "left"])
def test_a_temporary_file_that_is_readable_or_left_is_found(trace: str) -> None:
    assert verdict("STORE-13.E4", table(STORING, [*SOUND, point("new", temporary=("a.tmp",))])) is Verdict.PASSED
    assert verdict("STORE-13.E4", table(STORING, [*SOUND, point("new", **{trace: ("a.tmp",)})])) is Verdict.FAILED


def listing(case: str, *names: str) -> StoreListing:
    return StoreListing(case=case, about=ABOUT, stage="prod", account="", items=(), documented=(), raw=names)


KEPT = listing("sizes: kept", *(f"entry {number}" for number in range(40)))


def test_a_part_that_is_left_after_the_clearing_is_found() -> None:
    sound = table(IN_PARTS, SOUND)
    assert verdict("STORE-11.E4", *sizes(), KEPT, listing("sizes"), sound) is Verdict.PASSED
    assert verdict("STORE-11.E4", *sizes(), KEPT, listing("sizes", "entry 39"), sound) is Verdict.FAILED
    killed = table(IN_PARTS, [*SOUND, point("old", uncleared=("entry 3",))])
    assert verdict("STORE-11.E4", *sizes(), KEPT, listing("sizes"), killed) is Verdict.FAILED
    assert verdict("STORE-11.E4", *sizes(), listing("sizes: kept", "a"), listing("sizes"), sound) is Verdict.UNKNOWN


def event(by: str, operation: str, began: float, **more: object) -> StoreEvent:
    defaults = {"account": "anna", "item": "profile", "ended": began + 0.5}
    return StoreEvent(by=by, operation=operation, began=began, **{**defaults, **more})  # type: ignore[arg-type]


def wrote(by: str, counter: int, began: float, **more: object) -> StoreEvent:
    return event(by, "set", began, writer=by, counter=counter, **more)


def read(writer: str, counter: int, began: float, **more: object) -> StoreEvent:
    return event("p0.1", "get", began, **{"writer": writer, "counter": counter, "outcome": "value", **more})


def rotated(counter: int, began: float) -> StoreEvent:
    return event("p0.2", "rotate", began, item="refresh_token", writer="rotation", counter=counter)


RACE = (
    wrote("p0.0", 1, 0, account="ben", item="refresh_token"),
    *(wrote(f"p{process}.{thread}", 1, 1) for process in range(2) for thread in range(4)),
    rotated(1, 2),
    rotated(2, 3),
    read("p0.0", 1, 4),
    event("last", "get", 9, account="ben", item="refresh_token", writer="p0.0", counter=1, outcome="value"),
    event("last", "get", 9, item="refresh_token", writer="rotation", counter=2, outcome="value"),
)


def history(*events: StoreEvent, seconds: float = 2.0, reclaimed: float | None = 0.1) -> StoreHistory:
    return StoreHistory(case="race", mode="encrypted-file", events=events, seconds=seconds, reclaimed=reclaimed)


ALL = ("STORE-12.E1", "STORE-12.E2", "STORE-12.E3", "STORE-12.E4")


@pytest.mark.parametrize("expectation", ALL)
def test_a_race_without_a_loss_is_in_order_and_an_empty_one_is_unknown(expectation: str) -> None:
    assert verdict(expectation, history(*RACE)) is Verdict.PASSED
    assert verdict(expectation, history()) is Verdict.UNKNOWN
    assert verdict(expectation, replace(history(*RACE), mode="memory-only")) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "bad",
    [read("p0.0", 1, 5, whole=False), read("p0.0", 7, 5), read("", 0, 5, outcome="error", error="Torn")],
    ids=["not whole", "never written", "unreadable"],
)
def test_a_read_of_what_nobody_wrote_is_found(bad: StoreEvent) -> None:
    assert verdict("STORE-12.E1", history(*RACE, bad)) is Verdict.FAILED


def test_a_read_of_an_older_value_and_a_lost_rotation_are_found() -> None:
    going_back = (wrote("p0.0", 2, 4), read("p0.0", 2, 5), read("p0.0", 1, 6))
    assert verdict("STORE-12.E2", history(*RACE, *going_back)) is Verdict.FAILED
    assert verdict("STORE-12.E2", history(*RACE, rotated(2, 3))) is Verdict.FAILED
    assert verdict("STORE-12.E2", history(*RACE, rotated(3, 4))) is Verdict.FAILED


def test_an_item_of_the_other_account_that_is_gone_is_found() -> None:
    gone = event("last", "get", 9, account="ben", item="refresh_token", outcome="not_found")
    assert verdict("STORE-12.E3", history(*RACE[:-2], gone)) is Verdict.FAILED


@pytest.mark.parametrize(
    "bad",
    [
        history(*RACE, seconds=31),
        history(*RACE, reclaimed=10.5),
        history(*RACE, event("p0.1", "set", 5, outcome="error", error="BackEndTimedOut")),
        history(*RACE, event("p1", "end", 5, outcome="error", error="the process ended")),
    ],
    ids=["too long", "never reclaimed", "failed", "ended"],
)
def test_an_operation_that_does_not_end_and_a_lock_that_stays_are_found(bad: StoreHistory) -> None:
    assert verdict("STORE-12.E4", bad) is Verdict.FAILED
    assert verdict("STORE-12.E4", history(*RACE, reclaimed=None)) is Verdict.UNKNOWN


def killed(durable: str, api_requests: int = 0) -> KilledRotation:
    return KilledRotation("files.py:1", True, durable, api_requests)  # type: ignore[arg-type]


def rotations(*points: KilledRotation, mode: str = "encrypted-file") -> KilledRotations:
    return KilledRotations(case="killed while refreshing", mode=mode, points=points)


ROTATIONS = (killed("old"), killed("new"), killed("new", 1))


def test_an_access_token_that_was_used_before_its_refresh_token_was_kept_is_found() -> None:
    assert verdict("STORE-13.E3", rotations(*ROTATIONS)) is Verdict.PASSED
    for durable in ("old", "missing", "error"):
        assert verdict("STORE-13.E3", rotations(*ROTATIONS, killed(durable, 1))) is Verdict.FAILED


def test_kills_before_any_use_of_the_access_token_are_unknown() -> None:
    assert verdict("STORE-13.E3", rotations(*ROTATIONS[:2])) is Verdict.UNKNOWN
    assert verdict("STORE-13.E3", rotations(*ROTATIONS, replace(killed("new"), killed=False))) is Verdict.UNKNOWN
    assert verdict("STORE-13.E3", rotations(*ROTATIONS, mode="memory-only")) is Verdict.UNKNOWN


def resumed(case: str, *clients: Resumption) -> Resumptions:
    return Resumptions(case=f"started {case} the grace", clients=clients)


WITHIN = resumed("within", Resumption("old", "continued", "HTTP 200", 1), Resumption("new", "continued", "HTTP 200", 1))
AFTER = resumed("after", Resumption("old", "signed out", "SignedOut: the issuer ended the session", 1))


def test_a_client_that_goes_on_or_is_signed_out_with_a_message_is_in_order() -> None:
    assert verdict("STORE-13.E2", WITHIN, AFTER) is Verdict.PASSED
    assert verdict("STORE-13.E2", WITHIN) is Verdict.UNKNOWN
    assert verdict("STORE-13.E2", WITHIN, resumed("after", Resumption("new", "continued", "", 1))) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "bad",
    [
        Resumption("old", "signed out", "refused", 4),
        Resumption("old", "signed out", "", 1),
        Resumption("old", "error", "HTTP 500", 1),
        Resumption("new", "signed out", "refused", 1),
    ],
    ids=["a loop", "no message", "an error", "signed out with the new token"],
)
def test_a_client_that_loops_fails_or_says_nothing_is_found(bad: Resumption) -> None:
    assert verdict("STORE-13.E2", WITHIN, resumed("after", *AFTER.clients, bad)) is Verdict.FAILED
