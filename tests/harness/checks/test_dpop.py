"""What the checks of tokens that are bound to a key conclude."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.dpop import (
    AFTERWARDS,
    AT_API,
    AT_TOKEN_ENDPOINT,
    BAD,
    GOES_ON,
    GOOD,
    LOGIN,
    OTHER_KEY,
    REFRESHED,
    REFUSED,
)
from harness.model import Verdict
from harness.observations import Absence, HttpExchange, Observation, TokenFacts
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge, refused

Seen = list[Observation]
CLIENTS, WAYS = ("web", "desktop"), ("GET /me", "HEAD /events")
ALL = ("TOKEN-22.E1", "TOKEN-22.E2", "TOKEN-22.E3")


def record() -> Seen:
    seen: Seen = []
    for client in CLIENTS:
        answer = {"access_token": f"token of {client}", "token_type": "DPoP"}
        seen.append(exchange(LOGIN, 200, answer, client=client, key="thumbprint"))
        claims = {"cnf.jkt": "thumbprint"}
        seen.append(TokenFacts(case=LOGIN, token=f"token of {client}", token_kind="", form="jwt", claims=claims))
        for way in WAYS:
            seen += [exchange(case, 200, client=client, way=way) for case in (GOOD, AFTERWARDS)]
            seen += [exchange(BAD, 401, client=client, way=way, instead=name) for name in AT_API]
        seen += [exchange(case, 200, answer, client=client) for case in (REFRESHED, GOES_ON)]
        seen += [refused(REFUSED, client=client, instead=name) for name in AT_TOKEN_ENDPOINT]
    return seen


@pytest.mark.parametrize("expectation", ALL)
def test_a_record_that_is_as_it_should_be_passes(expectation: str) -> None:
    assert_passed(judge(expectation, record()))


def changed(case: str, instead: str = "", **fields: Any) -> Seen:
    """The record with the first observation of a case changed."""
    seen = record()
    index = next(n for n, o in enumerate(seen) if o.case == case and o.about.get("instead", "") == instead)
    seen[index] = replace(seen[index], **fields)
    return seen


@pytest.mark.parametrize("name", AT_API)
def test_a_request_without_a_proof_that_holds_is_refused(name: str) -> None:
    assert_failed(judge("TOKEN-22.E1", changed(BAD, name, status=200)), name)
    assert_unknown(judge("TOKEN-22.E1", changed(BAD, name, status=None)))
    told = '{"error": "invalid_dpop_proof"}'
    assert_passed(judge("TOKEN-22.E1", changed(BAD, name, status=400, body=told)))


@pytest.mark.parametrize("name", AT_TOKEN_ENDPOINT)
def test_a_refresh_without_a_proof_that_holds_is_refused(name: str) -> None:
    expectations = ("TOKEN-22.E1", "TOKEN-22.E3") if name in OTHER_KEY else ("TOKEN-22.E1",)
    for expectation in expectations:
        for answer in ({"status": 200}, {"status": 400, "body": '{"error": "server_error"}'}):
            assert_failed(judge(expectation, changed(REFUSED, name, **answer)), name)


def test_a_refusal_that_gives_a_token_all_the_same_fails() -> None:
    body = '{"error": "invalid_grant", "access_token": "a"}'
    assert_failed(judge("TOKEN-22.E3", changed(REFUSED, "no proof", body=body)), "no proof")


@pytest.mark.parametrize("case", [GOOD, AFTERWARDS, REFRESHED, GOES_ON])
def test_a_good_proof_that_is_refused_fails_and_makes_the_other_refusals_say_nothing(case: str) -> None:
    assert_failed(judge("TOKEN-22.E2", changed(case, status=401)), "web")
    assert_unknown(judge("TOKEN-22.E1", changed(case, status=401)))


@pytest.mark.parametrize(("claims", "words"), [({}, "cnf.jkt"), ({"cnf.jkt": "another"}, "cnf.jkt")])
def test_a_token_that_does_not_name_the_key_fails(claims: dict[str, str], words: str) -> None:
    seen = [replace(o, claims=claims) if isinstance(o, TokenFacts) else o for o in record()]
    assert_failed(judge("TOKEN-22.E2", seen), words)


def test_an_answer_that_calls_the_token_a_bearer_token_fails() -> None:
    body = '{"access_token": "token of web", "token_type": "Bearer"}'
    assert_failed(judge("TOKEN-22.E2", changed(LOGIN, body=body)), "token_type")


def test_of_an_opaque_token_the_binding_cannot_be_seen() -> None:
    seen = [replace(o, form="opaque", claims={}) if isinstance(o, TokenFacts) else o for o in record()]
    assert_passed(judge("TOKEN-22.E2", seen))
    assert_unknown(judge("TOKEN-22.E2", [o for o in seen if not isinstance(o, TokenFacts)]))


@pytest.mark.parametrize("expectation", ALL)
def test_where_it_is_not_offered_nothing_is_judged(expectation: str) -> None:
    absent = Absence(case="absence", capability="dpop", reason="not advertised", declared=True)
    assert judge(expectation, [absent]).verdict is Verdict.NOT_APPLICABLE
    login = [o for o in record() if isinstance(o, HttpExchange) and o.case == LOGIN]
    assert_unknown(judge(expectation, login))
