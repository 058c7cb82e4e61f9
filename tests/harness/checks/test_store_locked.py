"""Each check of a client whose keyring is locked: what passes, what fails, and what proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.checks import registry
from harness.model import Judgement, Parameter
from harness.observations import (
    Hit,
    HttpExchange,
    NativeItem,
    NativeListing,
    Observation,
    PageView,
    Responsiveness,
    SecretScan,
    StoreOperation,
    StoreState,
)
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown

FIRST, NEWEST = ("{{refresh_token:%s:43}}" % (digit * 16) for digit in "01")
PARAMETERS = {"store_timeout": Parameter("store_timeout", 10.0, "s", "a test")}
ALERT = 'Your keyring is locked: you are not signed out. Choose "Unlock and try again".'


def judge(expectation: str, seen: Sequence[Observation]) -> Judgement:
    numbered = [replace(one, id=f"s#{number}") for number, one in enumerate(seen, 1)]
    return registry.judge(expectation, numbered, PARAMETERS)


def state(case: str, mode: str = "secure", signed_in: bool = True, error: str = "") -> StoreState:
    return StoreState(case=case, mode=mode, back_end="b", signed_in=signed_in, error=error)


def tried(operation: Any, outcome: Any = "locked", seconds: float = 0.1) -> StoreOperation:
    return StoreOperation(
        case="while locked", operation=operation, stage="prod", account="first", outcome=outcome, seconds=seconds
    )


def waited(case: str, during: tuple[float, ...] = (0.1, 0.1, 0.5), before: float = 0.05, seconds: float = 5.0) -> Any:
    return Responsiveness(case=case, before=(before,), during=during, seconds=seconds)


def listing(case: str, fingerprint: str = "aa", mark: str = NEWEST) -> NativeListing:
    return NativeListing(case=case, items=(NativeItem("prod/first/refresh_token", "login", fingerprint, (mark,)),))


def page(case: str, *alerts: str, text: str = "") -> PageView:
    return PageView(case=case, url="u", title="t", text=text or " ".join(alerts), alerts=alerts)


def scan(case: str, *hits: Hit) -> SecretScan:
    kinds = ("access_token", "refresh_token")
    return SecretScan(case=case, places=("home",), bytes=1, kinds=kinds, hits=hits, planted_found=True)


RECORD: list[Observation] = [
    state("sign-in"),
    listing("before the lock", "00", FIRST),
    *(tried(operation) for operation in ("get", "set", "clear")),
    *(state(case, "locked") for case in ("dismissed prompt", "unanswered prompt")),
    *(waited(case) for case in ("dismissed prompt", "unanswered prompt")),
    *(page(case, ALERT) for case in ("while locked", "locked start")),
    state("refresh while locked", "locked"),
    HttpExchange(
        case="refresh while locked", method="POST", url="u", status=200, body=f'{{"refresh_token": "{NEWEST}"}}'
    ),
    *(scan(case) for case in ("while locked", "locked start")),
    listing("after the lock", "00", FIRST),
    *(listing(case) for case in ("stored again", "after the locked start")),
    *(state(case) for case in ("unlocked", "unlocked at last", "API call")),
]


def instead(changed: Observation) -> list[Observation]:
    """The record with this in place of what is of its type and case (and operation)."""
    key = (type(changed), changed.case, getattr(changed, "operation", ""))
    return [changed if (type(one), one.case, getattr(one, "operation", "")) == key else one for one in RECORD]


def test_a_client_that_waits_for_its_keyring_passes() -> None:
    for number in (1, 2, 3, 4):
        assert_passed(judge(f"STORE-07.E{number}", RECORD))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (tried("get", "not_found"), "get while locked: not_found"),
        (tried("clear", "done"), "clear while locked: done"),
        (tried("set", "locked", 10.5), "told after 10.5 s"),
        (state("dismissed prompt", "memory-only"), "memory-only, not locked"),
        (waited("unanswered prompt", seconds=11.0), "told after 11 s"),
        (waited("unanswered prompt", (4.9, 5.0)), "took 4.95 s"),
    ],
)
def test_a_client_that_does_not_tell_in_time_fails(changed: Observation, words: str) -> None:
    assert_failed(judge("STORE-07.E1", instead(changed)), words)


@pytest.mark.parametrize(
    "changed", [waited("unanswered prompt", ()), waited("unanswered prompt", (0.3, 0.4), before=0.3)]
)
def test_a_window_that_nobody_could_time_proves_nothing(changed: Observation) -> None:
    assert_unknown(judge("STORE-07.E1", instead(changed)))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (listing("after the lock", "11", FIRST), "after the lock: what was stored is another"),
        (NativeListing(case="after the locked start", items=()), "after the locked start: what was stored is gone"),
        (listing("stored again", "aa", FIRST), "got while the store was locked is not stored"),
        (state("unlocked at last", signed_in=False), "does not go on"),
        (state("API call", error="the API call failed: 401"), "does not go on"),
    ],
)
def test_a_client_that_loses_something_fails(changed: Observation, words: str) -> None:
    assert_failed(judge("STORE-07.E2", instead(changed)), words)


@pytest.mark.parametrize("case", ["while locked", "locked start"])
def test_a_secret_written_meanwhile_fails(case: str) -> None:
    assert_failed(judge("STORE-07.E3", instead(scan(case, Hit("home/for-now.txt", NEWEST)))), "for-now.txt")


def test_without_a_token_there_was_nothing_to_write() -> None:
    assert_unknown(judge("STORE-07.E3", instead(state("refresh while locked", error="the refresh failed"))))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (page("locked start", text="Sign in"), "no visible alert"),
        (page("while locked", "Your keyring is locked."), "what to do"),
        (page("locked start", ALERT, text="You are signed out."), "signed out"),
    ],
)
def test_a_window_that_does_not_say_it_fails(changed: PageView, words: str) -> None:
    assert_failed(judge("STORE-07.E4", instead(changed)), words)
