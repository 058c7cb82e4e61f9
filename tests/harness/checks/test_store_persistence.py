"""Each check of what a stored sign-in outlives and of what a sign-out leaves: what passes, and what fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.checks import registry
from harness.checks.store_persistence import BEFORE, RESTARTS
from harness.model import Judgement, Parameter
from harness.observations import (
    Hit,
    HttpExchange,
    NativeItem,
    NativeListing,
    Observation,
    PageView,
    PersistencePolicy,
    SecretScan,
    StoreState,
)
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown

MARK, OTHER = ("{{refresh_token:%s:43}}" % (digit * 16) for digit in "01")
PARAMETERS = {"refresh_absolute": Parameter("refresh_absolute", 2592000.0, "s", "a test")}


def judge(expectation: str, seen: Sequence[Observation]) -> Judgement:
    numbered = [replace(one, id=f"s#{number}") for number, one in enumerate(seen, 1)]
    return registry.judge(expectation, numbered, PARAMETERS)


def state(case: str, signed_in: bool | None = True, error: str = "", handed: str = "0") -> StoreState:
    about = {"handed to the browser": handed}
    return StoreState(case=case, about=about, mode="secure", back_end="b", signed_in=signed_in, error=error)


def refreshed(case: str, token: str = MARK, status: int = 200) -> HttpExchange:
    body = f'{{"refresh_token": "{token}"}}'
    sent = f"grant_type=refresh_token&refresh_token={token}"
    return HttpExchange(case=case, method="POST", url="https://i/token", request_body=sent, status=status, body=body)


def item(name: str, fingerprint: str = "aa", *secrets: str) -> NativeItem:
    return NativeItem(f"prod/{name}", "login", fingerprint, secrets)


def listing(case: str, *items: NativeItem, elapsed: float = 1.0) -> NativeListing:
    return NativeListing(case=case, items=items, elapsed=elapsed)


KEPT = item("first/refresh_token", "aa", MARK)
STATED = PersistencePolicy(
    case="policy",
    source="s",
    persists=True,
    items=("refresh_token",),
    lifetime=2592000.0,
    deviation="NIST SP 800-63B-4 §5.1",
    reason="daily restarts",
)


def restarts() -> list[Observation]:
    seen: list[Observation] = [state("sign-in"), refreshed("refresh before the kill"), STATED]
    for case in RESTARTS:
        seen += [listing(BEFORE[case], KEPT), listing(case, KEPT), state(case), state(f"{case}: API call")]
        seen += [refreshed(f"{case}: API call")]
    return seen


def instead(seen: list[Observation], changed: Any) -> list[Observation]:
    """The record, with this observation in place of that of its type and case."""
    return [changed if (type(one), one.case) == (type(changed), changed.case) else one for one in seen]


def test_a_session_that_goes_on_after_each_restart_passes() -> None:
    for number in (1, 2, 3):
        assert_passed(judge(f"STORE-02.E{number}", restarts()))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (state("after the kill", False), "nobody is signed in"),
        (state("after the end: API call", True, "the API call failed: 500"), "the API call failed"),
        (state("after the end: API call", handed="1"), "browser was opened"),
        (refreshed("after the kill: API call", status=400), "no access token"),
    ],
)
def test_a_session_that_does_not_go_on_fails(changed: Observation, words: str) -> None:
    assert_failed(judge("STORE-02.E1", instead(restarts(), changed)), words)


def test_without_a_sign_in_nothing_could_be_resumed() -> None:
    assert_unknown(judge("STORE-02.E1", instead(restarts(), state("sign-in", False))))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (listing("after the end", item("first/refresh_token", "bb", MARK)), "another value"),
        (listing("after the system's logout"), "no refresh token is stored"),
        (listing("before the kill"), "before the kill: no refresh token"),
    ],
)
def test_another_value_than_before_fails(changed: NativeListing, words: str) -> None:
    assert_failed(judge("STORE-02.E2", instead(restarts(), changed)), words)


def test_a_token_that_is_not_the_last_one_fails() -> None:
    stale = item("first/refresh_token", "aa", OTHER)
    seen = instead(restarts(), listing("after the kill", stale))
    assert_failed(judge("STORE-02.E2", seen), "not the token that was given last")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"persists": None}, "nothing is stated"),
        ({"persists": False}, "states that they do not"),
        ({"lifetime": None}, "lifetime is none"),
        ({"lifetime": 2592001.0}, "2.592e+06 s the most"),
        ({"deviation": ""}, "deviation"),
        ({"reason": ""}, "deviation"),
        ({"items": ()}, "does not name what is kept: refresh_token"),
    ],
)
def test_a_decision_that_is_not_recorded_fails(changes: dict[str, Any], words: str) -> None:
    assert_failed(judge("STORE-02.E3", instead(restarts(), replace(STATED, **changes))), words)


B = item("second/refresh_token", "bb", OTHER)
PENDING = item("first/pending_revocations", "cc", MARK)
TOLD = HttpExchange(case="end of the session", method="GET", url="u", status=200, began=1.0)
CLEAN = SecretScan(
    case="after the sign-out",
    places=("home",),
    bytes=1,
    kinds=("access_token", "refresh_token"),
    hits=(),
    planted_found=True,
)
LOGIN = PageView(case="restart", url="http://127.0.0.1:1/login", title="Sign in", text="", signed_in=False)


def signed_out() -> list[Observation]:
    return [
        listing("before the sign-out", KEPT, B),
        TOLD,
        listing("after the sign-out", B, elapsed=1.5),
        CLEAN,
        state("restart", False),
        LOGIN,
    ]


def test_a_sign_out_that_leaves_nothing_passes() -> None:
    for number in (1, 2, 3, 4):
        assert_passed(judge(f"STORE-03.E{number}", signed_out()))


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (KEPT, "still in the store: prod/first/refresh_token"),
        (PENDING, "still in the store: prod/first/pending_revocations"),
        (item("somebody/else", "aa", MARK), "as prod/somebody/else"),
    ],
)
def test_what_is_left_of_the_account_fails(left: NativeItem, words: str) -> None:
    seen = instead(signed_out(), listing("after the sign-out", left, B, elapsed=1.5))
    assert_failed(judge("STORE-03.E1", seen), words)


def test_without_a_network_only_what_is_owed_may_be_left_and_not_after_its_return() -> None:
    offline = instead(signed_out(), listing("after the sign-out", PENDING, B, elapsed=1.5))
    assert_passed(judge("STORE-03.E1", [*offline, listing("after the network's return", B)]))
    for left in (PENDING, KEPT):
        seen = [*offline, listing("after the network's return", left, B)]
        assert_failed(judge("STORE-03.E1", seen), "not even after the revocation")


def test_a_store_that_was_looked_at_late_proves_nothing() -> None:
    seen = instead(signed_out(), listing("after the sign-out", B, elapsed=7.0))
    assert_unknown(judge("STORE-03.E1", seen))


def test_an_account_that_had_nothing_proves_nothing() -> None:
    for expectation in ("STORE-03.E1", "STORE-03.E2", "STORE-03.E3", "STORE-03.E4"):
        assert_unknown(judge(expectation, instead(signed_out(), listing("before the sign-out", KEPT))))


@pytest.mark.parametrize(
    ("left", "words"), [((), "is gone"), ((item("second/refresh_token", "dd", OTHER),), "is another")]
)
def test_another_account_that_is_changed_fails(left: tuple[NativeItem, ...], words: str) -> None:
    seen = instead(signed_out(), listing("after the sign-out", *left))
    assert_failed(judge("STORE-03.E2", seen), words)


def test_a_secret_in_the_stores_files_fails() -> None:
    found = replace(CLEAN, hits=(Hit("home/data/keyrings/login.keyring.bak", MARK),))
    assert_failed(judge("STORE-03.E3", instead(signed_out(), found)), "login.keyring.bak")
    assert_unknown(judge("STORE-03.E3", instead(signed_out(), replace(CLEAN, planted_found=False))))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (state("restart", True), "still signed in"),
        (replace(LOGIN, url="http://127.0.0.1:1/", title="Home"), "not the sign-in"),
        (replace(LOGIN, signed_in=True), "not the sign-in"),
    ],
)
def test_a_restart_that_does_not_ask_to_sign_in_fails(changed: Observation, words: str) -> None:
    assert_failed(judge("STORE-03.E4", instead(signed_out(), changed)), words)
