"""Each check of packed clients: what passes, what fails, and that half tried is unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.observations import Observation
from harness.observations.builds import PackedLogin, StageSelector
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

ISSUER = "https://auth.prod"
ANSWERS = {
    "message: dev": "ok", "message: staging": "ok", "message: prod": "UnknownStage", "form: a URL": "HTTP 400",
}  # fmt: skip


def login(client: str, **changes: Any) -> PackedLogin:
    sound = PackedLogin(
        case="an attacked login", about={"client": client}, attacks=("environment",), started=True,
        configured=ISSUER, login=ISSUER, connections=0, listened=True,
    )  # fmt: skip
    return replace(sound, **changes)


def selector(**changes: Any) -> StageSelector:
    stages = ("dev", "staging")
    sound = StageSelector(
        case="the selector", stages=stages, offered=stages, answers=ANSWERS, before="dev", after="dev"
    )
    return replace(sound, **changes)


def whole() -> list[Observation]:
    return [login("desktop"), login("web"), selector()]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_clients_that_stay_where_they_were_built_for_pass(number: int) -> None:
    assert_passed(judge(f"STAGE-09.E{number}", whole()))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_nothing_observed_is_unknown(number: int) -> None:
    assert_unknown(judge(f"STAGE-09.E{number}", []))


@pytest.mark.parametrize("number", [1, 2])
def test_one_client_alone_is_not_enough(number: int) -> None:
    assert_unknown(judge(f"STAGE-09.E{number}", [login("desktop"), selector()]))


def test_a_connection_at_the_attackers_fails() -> None:
    seen = [login("desktop", connections=1), login("web"), selector()]
    assert_failed(judge("STAGE-09.E1", seen), "desktop: 1 connections reached")


def test_an_attacker_who_hears_nothing_at_all_is_unknown() -> None:
    assert_unknown(judge("STAGE-09.E1", [login("desktop", listened=False), login("web"), selector()]))


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"login": "https://evil"}, "goes to https://evil"), ({"login": ""}, "goes to nowhere"),
     ({"started": False}, "does not start")],
)  # fmt: skip
def test_a_login_that_goes_elsewhere_or_nowhere_fails(changes: dict[str, Any], words: str) -> None:
    assert_failed(judge("STAGE-09.E2", [login("desktop"), login("web", **changes), selector()]), words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"offered": ("dev",)}, "it offers dev"),
        ({"offered": ("dev", "prod", "staging")}, "it offers dev, prod, staging"),
        ({"answers": {**ANSWERS, "message: prod": "ok"}}, "message: prod: ok"),
        ({"answers": {**ANSWERS, "form: a URL": "ok"}}, "form: a URL: ok"),
        ({"answers": {**ANSWERS, "message: staging": "UnknownStage"}}, "message: staging: UnknownStage"),
        ({"answers": {**ANSWERS, "form: a URL": "HTTP 500"}}, "without a typed error"),
        ({"answers": {**ANSWERS, "message: prod": ""}}, "without a typed error"),
        ({"after": "staging"}, "moved it from dev to staging"),
    ],
)
def test_a_selector_that_offers_or_takes_something_else_fails(changes: dict[str, Any], words: str) -> None:
    assert_failed(judge("STAGE-09.E3", [selector(**changes)]), words)


@pytest.mark.parametrize("left_out", list(ANSWERS))
def test_a_selector_that_was_not_tried_both_ways_is_unknown(left_out: str) -> None:
    answers = {name: answer for name, answer in ANSWERS.items() if name != left_out}
    assert_unknown(judge("STAGE-09.E3", [selector(answers=answers)]))
