"""What the checks of access tokens with one wrong claim conclude."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks import api_tokens
from harness.checks.api_tokens import AUDIENCE, FUTURE, LIVING, NO_END, OF_CLIENT, OTHERS, OVER, OWN, TIMES
from harness.checks.forgeries import AFTERWARDS, GENUINE
from harness.model import Parameter, Verdict
from harness.observations import Absence, HttpExchange, Observation, TokenFacts
from tests.harness.checks import records
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge
from tests.harness.checks.test_forgeries import ask

Seen = list[Observation]
NOW = 1_800_000_000
AGES = {
    "about to expire": -1, "just expired": 1, "expired half the leeway ago": 30, "expired, and the leeway over": 62,
    "expired two minutes ago": 120, "expired five minutes ago": 360, "expired an hour ago": 3600,
    "expired a day ago": 86_300, "expired, the end with a fraction": 120.5,
}  # fmt: skip
API = "api-dev"


@pytest.fixture(autouse=True)
def leeway(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = {**records.PARAMETERS, "leeway": Parameter("leeway", 60.0, "s", "a test")}
    monkeypatch.setattr(records, "PARAMETERS", parameters)


def facts(name: str, **claims: Any) -> TokenFacts:
    return TokenFacts(case="", token=name, token_kind="forged_token", form="jwt", signed_by="dev", claims=claims)


def times() -> Seen:
    seen: Seen = [ask(case, "good", 200, way="GET") for case in (GENUINE, AFTERWARDS)]
    for name in dict.fromkeys((*api_tokens.LADDER, *LIVING, *NO_END, *FUTURE)):
        seen.append(facts(name, exp=NOW - AGES.get(name, -900)))
        status = 200 if name in LIVING or AGES.get(name, 61) <= 60 else 401
        seen.append(ask(TIMES, name, status, time=name, sent=str(NOW)))
    return seen


def audiences() -> Seen:
    seen: Seen = []
    for name in (*OWN, *OTHERS):
        seen.append(facts(name, aud=name))
        seen.append(ask(AUDIENCE, name, 200 if name in OWN else 401, audience=name))
    for client in ("web", "desktop"):
        told = {"client": client, "own": API, "moment": "login"}
        seen.append(exchange(OF_CLIENT, 200, {"access_token": f"token of {client}"}, **told))
        seen.append(facts(f"token of {client}", aud=[API, "x"]))
    return seen


PASSING = {**{f"TOKEN-14.E{n}": times() for n in (1, 2, 3, 4)}, **{f"TOKEN-17.E{n}": audiences() for n in (1, 2)}}
WRONG = [
    *(("TOKEN-14.E1", TIMES, "time", name, 401) for name in LIVING),
    *(("TOKEN-14.E1", TIMES, "time", name, 200) for name in OVER),
    *(("TOKEN-14.E2", TIMES, "time", name, 200) for name in NO_END),
    *(("TOKEN-14.E3", TIMES, "time", name, 200) for name in FUTURE),
    *(("TOKEN-14.E4", TIMES, "time", name, 200) for name in OVER),
    *(("TOKEN-17.E1", AUDIENCE, "audience", name, 401) for name in OWN),
    *(("TOKEN-17.E1", AUDIENCE, "audience", name, 200) for name in OTHERS),
]


@pytest.mark.parametrize("expectation", PASSING)
def test_a_record_that_is_as_it_should_be_passes(expectation: str) -> None:
    assert_passed(judge(expectation, PASSING[expectation]))


def changed(seen: Seen, case: str, entry: str, name: str, **fields: Any) -> Seen:
    return [
        replace(o, **fields) if isinstance(o, HttpExchange) and (o.case, o.about.get(entry)) == (case, name) else o
        for o in seen
    ]


@pytest.mark.parametrize(("expectation", "case", "entry", "name", "status"), WRONG)
def test_each_wrong_answer_fails(expectation: str, case: str, entry: str, name: str, status: int) -> None:
    seen = changed(PASSING[expectation], case, entry, name, status=status)
    assert_failed(judge(expectation, seen), "more than" if expectation == "TOKEN-14.E4" else name)


@pytest.mark.parametrize(("expectation", "case", "entry", "name", "status"), WRONG)
def test_a_token_that_was_not_presented_or_not_answered_is_unknown(
    expectation: str, case: str, entry: str, name: str, status: int
) -> None:
    seen = PASSING[expectation]
    assert_unknown(judge(expectation, [o for o in seen if o.about.get(entry) != name]))
    assert_unknown(judge(expectation, changed(seen, case, entry, name, status=None)))


@pytest.mark.parametrize(("expectation", "case", "entry", "name", "status"), WRONG)
def test_a_token_that_the_issuer_did_not_sign_says_nothing(
    expectation: str, case: str, entry: str, name: str, status: int
) -> None:
    assert_unknown(judge(expectation, read_as(PASSING[expectation], name, signed_by="")))


def read_as(seen: Seen, token: str, **changes: Any) -> Seen:
    return [replace(o, **changes) if isinstance(o, TokenFacts) and o.token == token else o for o in seen]


@pytest.mark.parametrize("expectation", ["TOKEN-14.E2", "TOKEN-14.E3"])
def test_refusals_say_nothing_where_nothing_is_taken(expectation: str) -> None:
    seen = [replace(o, status=401) if isinstance(o, HttpExchange) else o for o in times()]
    assert_unknown(judge(expectation, seen))


def test_the_leeway_is_told_as_what_it_lies_between() -> None:
    assert "more than 30 s and less than 62 s" in judge("TOKEN-14.E4", times()).reason
    refused = [replace(o, status=401) if isinstance(o, HttpExchange) else o for o in times()]
    assert_unknown(judge("TOKEN-14.E4", refused))


def test_a_token_that_was_sent_too_early_to_be_over_is_unknown() -> None:
    seen = changed(times(), TIMES, "time", OVER[0], about={"time": OVER[0], "sent": str(NOW - 30)})
    assert_unknown(judge("TOKEN-14.E1", seen))


@pytest.mark.parametrize("audience", ["web", None, [], API + "2"])
def test_a_client_whose_token_is_for_somebody_else_fails(audience: Any) -> None:
    seen = read_as(audiences(), "token of web", claims={"aud": audience})
    assert_failed(judge("TOKEN-17.E2", seen), "web, at login")


def test_a_token_of_a_client_that_was_not_read_is_unknown() -> None:
    assert_unknown(judge("TOKEN-17.E2", [o for o in audiences() if getattr(o, "token", "") != "token of web"]))
    assert_unknown(judge("TOKEN-17.E2", [o for o in audiences() if o.case != OF_CLIENT]))


def kinds() -> Seen:
    seen: Seen = [ask(case, "good", 200, way="GET") for case in (GENUINE, AFTERWARDS)]
    seen.append(ask(api_tokens.KIND, "refresh", 401, kind="refresh_token"))
    for name in (api_tokens.ACCESS_TYPE, *api_tokens.OTHER_TYPES):
        seen.append(facts(f"of type {name}"))
        seen.append(ask(api_tokens.TYPED, f"of type {name}", 200 if name == "at+jwt" else 401, typ=name))
    return seen


NO_KEY = Absence(case="absence", capability="signing key", reason="it keeps it", declared=True)


def test_only_access_tokens_are_taken() -> None:
    assert_passed(judge("TOKEN-18.E1", kinds()))
    assert_failed(
        judge("TOKEN-18.E1", changed(kinds(), api_tokens.KIND, "kind", "refresh_token", status=200)), "refresh"
    )
    assert_failed(judge("TOKEN-18.E1", changed(kinds(), api_tokens.TYPED, "typ", "at+jwt", status=401)), "at+jwt")
    for name in api_tokens.OTHER_TYPES:
        assert_failed(judge("TOKEN-18.E1", changed(kinds(), api_tokens.TYPED, "typ", name, status=200)), name)
        assert_unknown(judge("TOKEN-18.E1", [o for o in kinds() if o.about.get("typ") != name]))


def test_without_the_issuers_key_what_a_login_gives_may_fail_and_not_pass() -> None:
    seen = [o for o in kinds() if o.case != api_tokens.TYPED]
    assert judge("TOKEN-18.E1", [*seen, replace(NO_KEY, declared=False)]).verdict is Verdict.NOT_RUN
    declared = judge("TOKEN-18.E1", [*seen, NO_KEY])
    assert (declared.verdict, "could not be presented" in declared.reason) == (Verdict.NOT_APPLICABLE, True)
    taken = changed(seen, api_tokens.KIND, "kind", "refresh_token", status=200)
    assert_failed(judge("TOKEN-18.E1", [*taken, NO_KEY]), "refresh_token")
