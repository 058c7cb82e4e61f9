"""The checks of SYNC-04, and what the hunt looks for besides."""

from __future__ import annotations

from typing import Any

import pytest

from harness.checks.sync_lost import outlived, stormed
from harness.observations import Observation, SyncRequest, SyncState, SyncTraffic, SyncWrites
from harness.observe import Record
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

TEXTS = ("note 1", "note 2", "note 3")
REFUSED, TAKEN = SyncRequest("api push", 1, 1.1, 503), SyncRequest("api push", 2, 2.1, 200)


def state(case: str, stored: tuple[str, ...], **more: Any) -> SyncState:
    kept: dict[str, Any] = {"state": "fresh", "unsaved": 0, "shown": (), "acknowledged": len(stored), "seconds": 8.0}
    return SyncState(case=case, stored=stored, asks_for_login=False, **{**kept, **more})


def writes(client: int, *texts: str, shown: int | None = None) -> SyncWrites:
    took = (5.0,) * (len(texts) if shown is None else shown)
    return SyncWrites(case=f"it: written by client {client}", texts=texts, milliseconds=took)


def record(*stored: str, **end: Any) -> list[Observation]:
    return [
        writes(1, *TEXTS[:2]),
        writes(2, TEXTS[2]),
        writes(2, "was never shown", shown=0),
        state("it: in the end", stored, **end),
        state("the storage failed: before", ()),
        SyncTraffic(case="the storage failed: the traffic", requests=(REFUSED, TAKEN)),
        state("the storage failed: after", TEXTS),
    ]


@pytest.mark.parametrize("expectation", ["SYNC-04.E1", "SYNC-04.E2", "SYNC-04.E3"])
def test_a_page_that_loses_nothing_passes(expectation: str) -> None:
    assert_passed(judge(expectation, record(*TEXTS)))
    assert_unknown(judge(expectation, [writes(1, "a note")]))


def test_notes_of_two_clients_may_come_in_either_order() -> None:
    assert_passed(judge("SYNC-04.E1", record(TEXTS[2], *TEXTS[:2])))


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (TEXTS[:2], "1 of 1 notes are not at the server (note 3)"),
        ((*TEXTS, TEXTS[0]), "1 notes are at the server twice"),
        (TEXTS[::-1], "in another order"),
    ],
)
def test_what_is_lost_doubled_or_out_of_order_fails(stored: tuple[str, ...], words: str) -> None:
    assert_failed(judge("SYNC-04.E1", record(*stored)), words)


@pytest.mark.parametrize(("stored", "end"), [(TEXTS, {"unsaved": 1, "seconds": 64.0}), (TEXTS[:2], {"seconds": 64.0})])
def test_what_is_left_over_fails(stored: tuple[str, ...], end: dict[str, Any]) -> None:
    assert_failed(judge("SYNC-04.E2", record(*stored, **end)), "1 changes are not saved 64 s after all is well")


def test_what_is_acknowledged_without_effect_fails() -> None:
    seen = [*record(*TEXTS), state("the storage failed: after", TEXTS[:1], acknowledged=2)]
    assert_failed(judge("SYNC-04.E3", seen), "2 mutations were acknowledged, and 1 had their effect")


def test_a_storage_that_did_not_fail_proves_nothing() -> None:
    seen = [*record(*TEXTS), SyncTraffic(case="the storage failed: the traffic", requests=(TAKEN,))]
    assert_unknown(judge("SYNC-04.E3", seen))


def test_a_refresh_that_is_not_given_up_is_told() -> None:
    seen = Record([state("it: 3 wait", (), waits=14.0), state("it: with patience", (), waits=21.0)])
    assert list(map(str, outlived(seen))) == ["it: with patience: a refresh was awaited for 21 s and is not given up"]


def test_more_refreshes_than_tokens_that_ended_are_a_storm() -> None:
    asked = tuple(SyncRequest("token", at, at + 0.1, 200, spent=str(at)) for at in range(4))
    seen = Record([SyncTraffic(case="it: the traffic", requests=asked)])
    assert (len(stormed(seen, 2)), len(stormed(seen, 3))) == (1, 0)
