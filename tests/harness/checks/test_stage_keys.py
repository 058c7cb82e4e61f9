"""Each check of keys and cookies per stage: what passes, what fails, and that half observed is unknown."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from harness.model import STAGES, Verdict
from harness.observations import Absence, HttpExchange, Observation
from tests.harness.checks.records import (
    assert_failed,
    assert_passed,
    assert_unknown,
    exchange,
    judge,
    redirect,
    without,
)

PAIRS = tuple(permutations(STAGES, 2))
Change = dict[str, Any]


def jwk(stage: str, number: int = 1, **members: str) -> dict[str, str]:
    return {"kty": "EC", "crv": "P-256", "x": f"{stage}{number}", "y": "y", "kid": f"{stage}-{number}", **members}


def keys(**changes: list[dict[str, str]]) -> list[Observation]:
    published = {stage: changes.get(stage, [jwk(stage)]) for stage in STAGES}
    return [exchange("published keys", 200, {"keys": found}, stage=stage) for stage, found in published.items()]


def cookies() -> list[Observation]:
    seen: list[Observation] = [exchange("session at home", 200, stage=stage, place="/") for stage in STAGES]
    for origin, stage in PAIRS:
        about = {"origin": origin, "stage": stage}
        for case in ("with", "without"):
            seen.append(exchange(f"login form {case} a foreign cookie", 400, **about))
            seen.append(exchange(f"callback {case} a foreign cookie", 400, **about))
            seen.append(redirect(f"session {case} a foreign cookie", "/login", None, place="/", **about))
    return seen


@pytest.mark.parametrize("number", [1, 2, 4])
def test_keys_of_each_stage_alone_pass(number: int) -> None:
    assert_passed(judge(f"STAGE-06.E{number}", keys(dev=[jwk("dev"), jwk("dev", 2)])))


def test_a_retired_key_of_another_stage_fails() -> None:
    assert_failed(judge("STAGE-06.E1", keys(dev=[jwk("dev"), jwk("prod", kid="old")])), "dev and prod publish the same")


def test_a_key_is_the_same_whatever_else_its_jwk_says() -> None:
    dressed = jwk("prod", kid="other", use="sig", alg="ES256", x5t="x")
    assert_failed(judge("STAGE-06.E1", keys(staging=[dressed])), "staging and prod")


def test_a_kid_that_two_stages_use_fails() -> None:
    assert_failed(judge("STAGE-06.E2", keys(dev=[jwk("dev", kid="prod-1")])), "the same kid prod-1")


def test_keys_without_a_kid_share_none() -> None:
    bare = {"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}
    assert_passed(judge("STAGE-06.E2", keys(dev=[bare], prod=[{**bare, "x": "c"}])))


@pytest.mark.parametrize("member", ["d", "p", "q", "k"])
def test_a_private_member_fails(member: str) -> None:
    assert_failed(judge("STAGE-06.E4", keys(prod=[{**jwk("prod"), member: "secret"}])), f"prod publishes {member}")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_nothing_observed_is_unknown(number: int) -> None:
    assert_unknown(judge(f"STAGE-06.E{number}", []))


@pytest.mark.parametrize("number", [1, 2, 4])
@pytest.mark.parametrize("change", [{"status": None}, {"status": 404}, {"body": '{"keys": []}'}, {"truncated": True}])
def test_a_stage_without_keys_is_unknown(number: int, change: Change) -> None:
    first = keys()[0]
    assert isinstance(first, HttpExchange)
    assert_unknown(judge(f"STAGE-06.E{number}", [replace(first, **change), *keys()[1:]]))


def test_cookies_that_are_worth_nothing_abroad_pass() -> None:
    assert_passed(judge("STAGE-06.E3", cookies()))


@pytest.mark.parametrize("what", ["login form", "callback", "session"])
def test_a_cookie_that_makes_a_difference_abroad_fails(what: str) -> None:
    seen = cookies()
    place = next(i for i, one in enumerate(seen) if one.case == f"{what} with a foreign cookie")
    seen[place] = redirect(f"{what} with a foreign cookie", "/", {"code": "c"}, **dict(seen[place].about))
    assert_failed(judge("STAGE-06.E3", seen), f"{what} of dev at staging")


def taken(*cases: str) -> list[Observation]:
    """The record in which these forms were taken at every stage, that of another stage and an invented one."""
    seen = [one for one in cookies() if one.case not in cases]
    pairs = [{"origin": origin, "stage": stage} for origin, stage in PAIRS]
    return [*seen, *(redirect(case, "/next", None, **about) for case in cases for about in pairs)]


FOREIGN, INVENTED = "login form with a foreign cookie", "login form with an invented pair"


def test_a_form_that_is_taken_with_any_pair_is_not_judged() -> None:
    judgement = judge("STAGE-06.E3", taken(FOREIGN, INVENTED))
    assert_passed(judgement)
    assert judgement.reason.endswith("6 besides are no stage's own, for an invented one does as well")
    forms = [one for one in taken(FOREIGN, INVENTED) if one.case.startswith("login form")]
    assert judge("STAGE-06.E3", forms).verdict is Verdict.NOT_APPLICABLE


def test_a_form_that_is_taken_of_another_stage_but_not_with_an_invented_pair_fails() -> None:
    refused = [exchange(INVENTED, 403, origin=origin, stage=stage) for origin, stage in PAIRS]
    assert_failed(judge("STAGE-06.E3", [*taken(FOREIGN), *refused]), "login form of dev at staging")
    silent = [replace(one, status=None) for one in refused]
    assert_unknown(judge("STAGE-06.E3", [*taken(FOREIGN), *silent]))


@pytest.mark.parametrize("case", ["callback with a foreign cookie", "session without a foreign cookie"])
def test_a_presentation_that_is_missing_is_unknown(case: str) -> None:
    seen = cookies()
    place = next(i for i, one in enumerate(seen) if one.case == case)
    assert_unknown(judge("STAGE-06.E3", without(seen, place)))


def test_a_cookie_that_makes_no_difference_at_home_shows_nothing() -> None:
    seen = cookies()
    seen[0] = redirect("session at home", "/login", None, **dict(seen[0].about))
    assert_unknown(judge("STAGE-06.E3", seen))


def test_without_a_web_application_the_issuers_forms_are_judged() -> None:
    absence = Absence(case="absence", capability="web", reason="none")
    seen = [one for one in cookies() if one.case.startswith("login form")]
    assert_passed(judge("STAGE-06.E3", [*seen, absence]))
    assert judge("STAGE-06.E3", [absence]).verdict is Verdict.NOT_RUN
