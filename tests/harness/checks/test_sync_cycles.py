"""The checks of SYNC-03, each on a record that passes and on ones that fail, or prove nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.checks.sync_cycles import CYCLES
from harness.observations import Observation, SyncRequest, SyncState, SyncTraffic, SyncWrites
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

CHECKS = [f"SYNC-03.E{number}" for number in range(1, 5)]
SLEEP = 2400.0


def request(what: Any, at: float, status: int | None = 200, token: str = "", **more: Any) -> SyncRequest:
    return SyncRequest(what, at, at + 0.1, status, token, **more)


OLD, NEW, SPENT = "{{access_token:1:9}}", "{{access_token:2:9}}", "{{refresh_token:1:9}}"
LIFE = (
    request("push", 0.1, 401, "s.1", client="a"),
    request("pull", 0.1, 401, "s.1", client="a"),
    request("token", 0.2, 200, NEW, spent=SPENT),
    request("refresh", 0.2, 200, "s.2"),
    request("pull", 0.4, 401, "s.1", client="b"),
    request("push", 0.5, 200, "s.2", client="a"),
    request("api push", 0.5, 200, NEW),
    request("api call", 1.0, 200, OLD),
    request("push", 6.0, 200, "s.2", client="b"),
    request("api push", 6.0, 200, NEW),
)
WAKING = (request("token", SLEEP + 1.1, 200, NEW), request("push", SLEEP + 1.2, 200, "s.3"))


def state(case: str, **more: Any) -> SyncState:
    kept: dict[str, Any] = {"state": "fresh", "unsaved": 0, "shown": (), "stored": (), "acknowledged": 0}
    return SyncState(case=case, asks_for_login=False, **{**kept, **more})


def record(cycle: str = "", requests: Sequence[SyncRequest] = LIFE, **more: Any) -> list[Observation]:
    """A record that passes, but for the requests of one life of a token, and for what is said of the end."""
    seen: list[Observation] = []
    stored: list[str] = []
    for case in CYCLES:
        for where in ("written", "written in the background"):
            stored.append(f"{case} {where}")
            seen.append(SyncWrites(case=f"{case}: {where}", texts=(stored[-1],), milliseconds=(5.0,)))
        made = tuple(requests) if case == cycle else LIFE
        seen.append(SyncTraffic(case=f"{case}: the traffic", requests=made))
    end = {"stored": tuple(stored), **more}
    awake = [state("falling asleep", seconds=0.1), state("awake", seconds=SLEEP + 1)]
    return [*seen, state("at the end", **end), *awake, SyncTraffic(case="the traffic after the sleep", requests=WAKING)]


@pytest.mark.parametrize("expectation", CHECKS)
def test_tabs_that_do_it_right_pass(expectation: str) -> None:
    assert_passed(judge(expectation, record()))


@pytest.mark.parametrize("expectation", CHECKS)
def test_nothing_observed_proves_nothing(expectation: str) -> None:
    assert_unknown(judge(expectation, [state("something else")]))


@pytest.mark.parametrize("expectation", CHECKS[:3])
def test_a_token_that_was_not_replaced_proves_nothing(expectation: str) -> None:
    assert_unknown(judge(expectation, record(CYCLES[2], LIFE[:2])))


STALE = request("push", 6.0, 200, "s.1", client="b")


@pytest.mark.parametrize(
    ("expectation", "requests", "words"),
    [
        ("SYNC-03.E1", (*LIFE, LIFE[0]), "push was refused 2 times"),
        ("SYNC-03.E1", (*LIFE, request("api call", 1, 401), request("api call", 2, 401)), "api call was refused 2"),
        ("SYNC-03.E2", (*LIFE, STALE), "1 requests (push) brought a token"),
        ("SYNC-03.E2", (*LIFE, request("api call", 6.0, 401, OLD)), "1 requests (api call)"),
        ("SYNC-03.E3", (*LIFE, *(request("token", at, 200, NEW, spent=str(at)) for at in (1, 2, 3))), "10 refreshes"),
    ],
)
def test_tabs_that_do_it_wrong_fail(expectation: str, requests: Sequence[SyncRequest], words: str) -> None:
    assert_failed(judge(expectation, record(CYCLES[2], requests)), words)


def test_a_token_that_has_just_been_replaced_may_still_be_used() -> None:
    assert_passed(judge("SYNC-03.E2", record(CYCLES[0], (*LIFE, replace(STALE, at=2.2)))))


def test_what_is_lost_or_out_of_order_fails() -> None:
    assert_failed(judge("SYNC-03.E1", record(stored=())), "not all that was written is at the server")


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ((WAKING[0], replace(WAKING[1], until=SLEEP + 20)), "only 19 s"),
        ((WAKING[0], request("push", 2402, 503)), "nothing"),
        ((), "nothing"),
    ],
)
def test_a_page_that_rests_after_a_sleep_fails(requests: tuple[SyncRequest, ...], words: str) -> None:
    seen = [*record(), SyncTraffic(case="the traffic after the sleep", requests=requests)]
    assert_failed(judge("SYNC-03.E4", seen), words)
