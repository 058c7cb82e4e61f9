"""What a client makes of ID tokens that do not hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.id_tokens import ACCESS_TOKENS, AFTERWARDS, MISTAKES, SOUND
from harness.observations import CallbackDelivery, Observation
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

E1, E2, E3 = (f"TOKEN-07.E{number}" for number in range(1, 4))


def delivery(case: str, requests: int, *, signed_in: bool = False, api_calls: int = 0) -> CallbackDelivery:
    requested = {"honest": 0, "attacker": requests}
    uri = "https://app.dev.localhost/callback/staging"
    return CallbackDelivery(
        case=case, redirect_uri=uri, status=303, token_requests=requested, signed_in=signed_in, api_calls=api_calls
    )


def sound() -> list[Observation]:
    seen: list[Observation] = [delivery(SOUND, 1, signed_in=True, api_calls=1)]
    for mistake in MISTAKES:
        seen += [delivery(mistake, 1), delivery(AFTERWARDS.format(mistake=mistake), 0)]
    return seen


def with_changed(case: str, **changes: Any) -> list[Observation]:
    return [replace(one, **changes) if one.case == case else one for one in sound()]


@pytest.mark.parametrize("expectation", [E1, E2, E3])
def test_a_client_that_refuses_all_of_them_passes(expectation: str) -> None:
    assert_passed(judge(expectation, sound()))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_counts(mistake: str) -> None:
    late = AFTERWARDS.format(mistake=mistake)
    assert_failed(judge(E1, with_changed(mistake, signed_in=True)), f"{mistake}: somebody is signed in")
    assert_failed(judge(E2, with_changed(late, signed_in=True)), f"after {mistake}: a right answer signed")
    sent = with_changed(late, token_requests={"honest": 0, "attacker": 1})
    assert_failed(judge(E2, sent), f"after {mistake}: the code was sent")
    assert_failed(judge(E3, with_changed(mistake, api_calls=2)), f"{mistake}: the access token was used 2 times")


@pytest.mark.parametrize("expectation", [E1, E2, E3])
@pytest.mark.parametrize(
    ("case", "changes"),
    [
        (SOUND, {"signed_in": False}),
        (MISTAKES[0], {"token_requests": {"honest": 0, "attacker": 0}}),
        (MISTAKES[-1], {"status": None}),
    ],
)
def test_a_client_that_never_met_the_mistake_is_unknown(expectation: str, case: str, changes: dict[str, Any]) -> None:
    assert_unknown(judge(expectation, with_changed(case, **changes)))


def test_without_a_call_after_a_sound_token_nothing_shows_that_one_would_be_seen() -> None:
    assert_unknown(judge(E3, with_changed(SOUND, api_calls=0)))


@pytest.mark.parametrize("expectation", [E1, E2, E3])
def test_nothing_delivered_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, [delivery("something else", 1)]))


TYPE_CONFUSION = "TOKEN-18.E2"


def confused(**changes: Any) -> list[Observation]:
    """Access tokens in the place of ID tokens, and a client that refuses them; `changes`: to the last delivery."""
    seen: list[Observation] = [delivery(SOUND, 1, signed_in=True)]
    for token in ACCESS_TOKENS:
        seen.append(exchange(token, 200, {"access_token": "one", "id_token": "one"}, role="tap"))
        seen.append(delivery(token, 1))
    last = seen.pop()
    assert isinstance(last, CallbackDelivery)
    return [*seen, replace(last, **changes)]


def test_a_client_that_refuses_access_tokens_in_the_place_of_id_tokens_passes() -> None:
    assert_passed(judge(TYPE_CONFUSION, confused()))


def test_a_client_that_takes_an_access_token_for_an_id_token_fails() -> None:
    assert_failed(judge(TYPE_CONFUSION, confused(signed_in=True)), f"{ACCESS_TOKENS[-1]} signed somebody in")


@pytest.mark.parametrize("changes", [{"status": None}, {"token_requests": {"honest": 0, "attacker": 0}}])
def test_a_client_that_never_met_the_access_token_is_unknown(changes: dict[str, Any]) -> None:
    assert_unknown(judge(TYPE_CONFUSION, confused(**changes)))


def test_an_answer_whose_id_token_is_another_one_says_nothing_of_access_tokens() -> None:
    other = exchange(ACCESS_TOKENS[0], 200, {"access_token": "one", "id_token": "two"}, role="tap")
    assert_unknown(
        judge(TYPE_CONFUSION, [other if one.case == other.case and one.about else one for one in confused()])
    )
    assert_unknown(judge(TYPE_CONFUSION, [one for one in confused() if one.case != SOUND]))
    assert_unknown(judge(TYPE_CONFUSION, []))
