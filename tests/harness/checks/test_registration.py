"""Each check of what is registered per stage: what passes, what fails, and that nothing or half observed is unknown."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from harness.model import STAGES
from harness.observations import Absence, HttpExchange, Observation, TokenFacts
from tests.harness.checks.records import (
    assert_failed,
    assert_passed,
    assert_unknown,
    exchange,
    judge,
    redirect,
    unanswered,
    without,
)

PAIRS = tuple(permutations(STAGES, 2))
ALL = ("STAGE-10.E1", "STAGE-10.E2", "STAGE-10.E3")


def token(case: str, stage: str, audience: object) -> TokenFacts:
    about = {"stage": stage}
    return TokenFacts(
        case=case, about=about, token="t", token_kind="access_token", form="jwt", claims={"aud": audience}
    )


def own() -> list[Observation]:
    return [exchange("own registration", 200, stage=stage, client="web") for stage in STAGES]


def foreign() -> list[Observation]:
    seen: list[Observation] = []
    for stage, other in PAIRS:
        about = {"stage": stage, "origin": other, "client": "web"}
        seen.append(exchange("foreign redirect URI", 400, uri=f"https://app.{other}/callback", **about))
        seen.append(exchange("foreign client", 400, **{**about, "client": "internal"}))
    return seen


def unencrypted() -> list[Observation]:
    return [exchange("unencrypted redirect URI", 400, stage=s, client="web", shape="localhost") for s in STAGES]


def targets() -> list[Observation]:
    seen: list[Observation] = [token("a login at home", stage, f"api-{stage}") for stage in STAGES]
    for stage, other in PAIRS:
        case, refusal = f"a token for {other}, by audience", {"error": "invalid_target"}
        seen.append(exchange(case, 400, refusal, stage=stage, target=f"api-{other}"))
    return seen


def whole() -> list[Observation]:
    return [*own(), *foreign(), *unencrypted(), *targets()]


def changed(case: str, new: Observation) -> list[Observation]:
    """The whole record, with the first exchange of a case in another form."""
    seen = whole()
    place = next(i for i, one in enumerate(seen) if one.case == case)
    return [*seen[:place], replace(new, about={**seen[place].about, **new.about}), *seen[place + 1 :]]


@pytest.mark.parametrize("expectation", ALL)
def test_what_is_refused_everywhere_passes(expectation: str) -> None:
    assert_passed(judge(expectation, whole()))


@pytest.mark.parametrize("expectation", ALL)
def test_nothing_observed_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, []))


@pytest.mark.parametrize(
    ("expectation", "case"),
    [("STAGE-10.E1", "foreign redirect URI"), ("STAGE-10.E1", "foreign client"),
     ("STAGE-10.E2", "unencrypted redirect URI")],
)  # fmt: skip
@pytest.mark.parametrize("status", [200, 302, 500])
def test_any_other_answer_than_an_error_page_fails(expectation: str, case: str, status: int) -> None:
    answer = redirect(case, "https://elsewhere/", {"error": "x"}) if status == 302 else exchange(case, status)
    words = "a redirect" if status == 302 else f"HTTP {status} instead of 400"
    assert_failed(judge(expectation, changed(case, answer)), words)


@pytest.mark.parametrize(
    ("expectation", "case"),
    [("STAGE-10.E1", "own registration"), ("STAGE-10.E1", "foreign redirect URI"), ("STAGE-10.E1", "foreign client"),
     ("STAGE-10.E2", "unencrypted redirect URI"), ("STAGE-10.E3", "a token for staging, by audience")],
)  # fmt: skip
def test_an_answer_that_did_not_come_is_unknown(expectation: str, case: str) -> None:
    seen = whole()
    place = next(i for i, one in enumerate(seen) if one.case == case)
    assert_unknown(judge(expectation, unanswered(seen, place)))


@pytest.mark.parametrize("expectation", ["STAGE-10.E1", "STAGE-10.E2"])
def test_a_stage_that_refuses_its_own_registration_too_shows_nothing(expectation: str) -> None:
    assert_unknown(judge(expectation, changed("own registration", exchange("own registration", 400))))


@pytest.mark.parametrize(
    ("expectation", "case"),
    [("STAGE-10.E1", "foreign redirect URI"), ("STAGE-10.E2", "unencrypted redirect URI"),
     ("STAGE-10.E3", "a token for staging, by audience")],
)  # fmt: skip
def test_a_pair_that_was_not_tried_is_unknown(expectation: str, case: str) -> None:
    seen = whole()
    assert_unknown(judge(expectation, without(seen, next(i for i, one in enumerate(seen) if one.case == case))))


def alike(*pairs: tuple[str, str]) -> list[Observation]:
    told = [f"redirect URI of {origin} that is foreign to {stage}" for stage, origin in pairs]
    return [Absence(case="absence", capability=one, reason="the same", declared=True) for one in told]


def test_stages_of_the_same_registrations_have_nothing_foreign_to_ask_with() -> None:
    nothing = Absence(case="absence", capability="registration of one stage alone", reason="the same", declared=True)
    judgement = judge("STAGE-10.E1", [*own(), nothing, *alike(*PAIRS)])
    assert (judgement.verdict, "the same" in judgement.reason) == ("not_applicable", True)
    assert judge("STAGE-10.E1", own()).verdict == "unknown"


def test_a_pair_of_stages_of_the_same_registrations_is_left_out_and_no_other() -> None:
    pairs = [("dev", "staging"), ("staging", "dev")]
    seen = [o for o in whole() if (o.about.get("stage"), o.about.get("origin")) not in pairs]
    assert_passed(judge("STAGE-10.E1", [*seen, *alike(*pairs)]))
    assert judge("STAGE-10.E1", [*seen, *alike(pairs[0])]).verdict == "not_run"


CASE = "a token for staging, by audience"


@pytest.mark.parametrize("audience", ["api-staging", ["api-dev", "api-staging"], None])
def test_a_token_for_the_other_api_fails(audience: object) -> None:
    given = changed(CASE, exchange(CASE, 200, {"access_token": "t"}, target="api-staging"))
    assert_failed(judge("STAGE-10.E3", [*given, token(CASE, "dev", audience)]), "given, for")


def test_a_token_for_the_own_api_is_no_failure_where_the_parameter_is_not_known() -> None:
    given = changed(CASE, exchange(CASE, 200, {"access_token": "t"}, target="api-staging"))
    assert_passed(judge("STAGE-10.E3", [*given, token(CASE, "dev", "api-dev")]))


def test_a_token_as_of_a_login_at_home_is_no_failure_where_all_stages_call_its_audience_the_same() -> None:
    given = changed(CASE, exchange(CASE, 200, {"access_token": "t"}, target="web"))
    alike = [replace(one, claims={"aud": "web"}) if isinstance(one, TokenFacts) else one for one in given]
    assert_passed(judge("STAGE-10.E3", [*alike, token(CASE, "dev", "web")]))


@pytest.mark.parametrize(("status", "error"), [(400, "invalid_grant"), (401, "invalid_target"), (500, "")])
def test_another_refusal_than_the_protocols_fails(status: int, error: str) -> None:
    assert_failed(judge("STAGE-10.E3", changed(CASE, exchange(CASE, status, {"error": error}))), f"HTTP {status}")


def test_a_target_whose_clients_are_the_same_everywhere_is_judged_by_redirect_uris() -> None:
    seen = [one for one in whole() if one.case != "foreign client"]
    assert_passed(judge("STAGE-10.E1", seen))
    assert not [one for one in seen if isinstance(one, HttpExchange) and one.case == "foreign client"]
