"""The state by which a client knows the answers to its own sign-ins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.client_state import HIS_OWN, INJECTED, REPLAY, RIGHT, SILENT, SWAPPED
from harness.observations import CallbackDelivery, Observation, SecretSample
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

E1, E2, E3, E4 = (f"TOKEN-05.E{number}" for number in range(1, 5))
Seen = list[Observation]


def delivery(case: str, requests: int = 0, account: str | None = None, **more: Any) -> CallbackDelivery:
    told: dict[str, Any] = {"status": 400, "message": "Please start again.", "offers_login": True, **more}
    requested = {"honest": requests, "attacker": 0}
    signed_in, name = account is not None, account or ""
    uri = "https://app.dev.localhost/callback"
    return CallbackDelivery(
        case=case, redirect_uri=uri, token_requests=requested, signed_in=signed_in, account=name, **told
    )


def sound() -> Seen:
    return [
        delivery(RIGHT, 1, "alice", status=303),
        delivery(REPLAY, 0, "alice", status=303, message="", offers_login=False),
        delivery(HIS_OWN, 1, "mallory", status=303),
        delivery(INJECTED, 1),
        *(delivery(case) for case in (*SILENT, *SWAPPED)),
    ]


def with_changed(case: str, **changes: Any) -> Seen:
    return [
        replace(one, **changes) if isinstance(one, CallbackDelivery) and one.case == case else one for one in sound()
    ]


@pytest.mark.parametrize("expectation", [E1, E2, E4])
def test_a_client_that_takes_its_own_answers_only_passes(expectation: str) -> None:
    assert_passed(judge(expectation, sound()))


@pytest.mark.parametrize("case", [*SILENT, *SWAPPED, REPLAY])
def test_a_token_request_for_an_answer_that_is_not_its_own_fails(case: str) -> None:
    seen = with_changed(case, token_requests={"honest": 1, "attacker": 0})
    assert_failed(judge(E1, seen), f"{case}: a token request was made")


@pytest.mark.parametrize("case", [*SILENT, *SWAPPED])
def test_somebody_signed_in_by_such_an_answer_fails(case: str) -> None:
    assert_failed(judge(E1, with_changed(case, signed_in=True, account="alice")), f"{case}: somebody is signed in")


def test_an_injected_code_may_be_tried_once_and_must_fail() -> None:
    twice = with_changed(INJECTED, token_requests={"honest": 2, "attacker": 0})
    assert_failed(judge(E1, twice), "it did not fail")
    assert_failed(judge(E1, with_changed(INJECTED, signed_in=True, account="mallory")), "it did not fail")


@pytest.mark.parametrize("case", [*SILENT, *SWAPPED, REPLAY, INJECTED])
def test_the_attackers_account_fails_wherever_it_is_signed_in(case: str) -> None:
    seen = with_changed(case, signed_in=True, account="mallory")
    assert_failed(judge(E2, seen), f"{case}: the attacker's account is signed in")


@pytest.mark.parametrize("expectation", [E1, E2])
@pytest.mark.parametrize(
    ("case", "changes"),
    [
        (RIGHT, {"token_requests": {"honest": 0, "attacker": 0}}),
        (RIGHT, {"signed_in": False, "account": ""}),
        (HIS_OWN, {"signed_in": False, "account": ""}),
        (HIS_OWN, {"account": "alice"}),
        (SILENT[0], {"status": None}),
    ],
)
def test_what_is_deaf_or_blind_is_unknown(expectation: str, case: str, changes: dict[str, Any]) -> None:
    assert_unknown(judge(expectation, with_changed(case, **changes)))


@pytest.mark.parametrize("case", [*SILENT, INJECTED])
def test_a_refusal_without_a_word_or_a_way_on_fails(case: str) -> None:
    assert_failed(judge(E4, with_changed(case, message="")), f"{case}: the user is told nothing")
    assert_failed(judge(E4, with_changed(case, offers_login=False)), f"{case}: nothing offers a new login")


def states(**changes: Any) -> SecretSample:
    sample: dict[str, Any] = {"count": 1000, "distinct": 1000, "shortest": 43, "bits": 256.0, **changes}
    return SecretSample(case="states", what="state", about={"client": "web"}, **sample)


def test_a_thousand_long_states_pass() -> None:
    assert_passed(judge(E3, [states()]))


@pytest.mark.parametrize(
    ("changes", "words"), [({"distinct": 998}, "2 states came again"), ({"bits": 127.4}, "127 bits")]
)
def test_repeated_or_short_states_fail(changes: dict[str, Any], words: str) -> None:
    assert_failed(judge(E3, [states(**changes)]), words)


def test_fewer_states_are_unknown() -> None:
    assert_unknown(judge(E3, [states(count=999, distinct=999)]))


@pytest.mark.parametrize("expectation", [E1, E2, E3, E4])
def test_nothing_delivered_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, [delivery("something else")]))
