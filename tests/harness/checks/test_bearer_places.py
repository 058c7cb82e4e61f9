"""What the checks of the places of an access token conclude."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.checks.bearer_places import (
    AFTERWARDS,
    BOTH,
    ELSEWHERE,
    FIRST,
    FORM,
    GENUINE,
    PLACES,
    QUERY_AGAINST_HEADER,
    SECOND,
    SPELLED,
    SPELLINGS,
    TWICE,
)
from harness.model import Verdict
from harness.observations import Absence, HttpExchange, LogCapture, Observation
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

WAYS = ("GET https://api.example/me", "POST https://api.example/notes {}")
LINE = {"line": "GET api.example /me 401"}


def ask(case: str, status: int, way: str, place: str = "") -> HttpExchange:
    url = "https://api.example/x?access_token=%7B" if "query" in place else "https://api.example/x"
    return exchange(case, status, url=url, way=way, place=place)


def record() -> list[Observation]:
    seen: list[Observation] = []
    for way in WAYS:
        seen += [ask(GENUINE, 200, way), ask(AFTERWARDS, 201, way)]
        seen += [ask(SPELLED, 200, way, scheme) for scheme in SPELLINGS]
        seen += [ask(ELSEWHERE, 401, way, place) for place in PLACES if place != FORM or way.startswith("POST")]
        seen += [ask(TWICE, 200, way, BOTH), ask(TWICE, 401, way, QUERY_AGAINST_HEADER)]
        seen += [ask(TWICE, 400, way, FIRST), ask(TWICE, 200, way, SECOND)]
    return [*seen, LogCapture(case="the access log", records=(LINE,) * 20)]


def answered(case: str, place: str, status: int) -> list[Observation]:
    """The record in which every route answers this request so."""
    return [
        replace(o, status=status) if isinstance(o, HttpExchange) and (o.case, o.about["place"]) == (case, place) else o
        for o in record()
    ]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_api_that_takes_tokens_in_the_header_only_passes(number: int) -> None:
    assert_passed(judge(f"WEB-05.E{number}", record()))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("status", [200, 403, 500])
def test_a_token_that_is_not_refused_in_another_place_fails(place: str, status: int) -> None:
    assert_failed(judge("WEB-05.E1", answered(ELSEWHERE, place, status)), place)


def test_that_a_request_was_not_well_formed_is_a_refusal_too() -> None:
    assert_passed(judge("WEB-05.E1", answered(ELSEWHERE, PLACES[0], 400)))


def test_a_query_that_makes_a_bad_header_good_fails() -> None:
    assert_failed(judge("WEB-05.E2", answered(TWICE, QUERY_AGAINST_HEADER, 200)), QUERY_AGAINST_HEADER)


def test_a_token_that_is_looked_for_in_two_headers_fails() -> None:
    assert_failed(judge("WEB-05.E2", answered(TWICE, FIRST, 200)), "picked out of two")


@pytest.mark.parametrize("place", [BOTH, FIRST, SECOND])
def test_a_server_that_breaks_at_such_a_request_fails(place: str) -> None:
    assert_failed(judge("WEB-05.E2", answered(TWICE, place, 500)), "HTTP 500")


def test_a_line_of_the_log_with_a_secret_fails() -> None:
    told = LogCapture(case="the access log", records=(*(LINE,) * 20, {"line": "/me?x={{access_token:0:9}}"}))
    assert_failed(judge("WEB-05.E3", [*record(), told]), "1 lines hold a secret")


def test_a_log_that_does_not_tell_of_the_requests_proves_nothing() -> None:
    assert_unknown(judge("WEB-05.E3", [*record(), LogCapture(case="the access log", records=(LINE,))]))


def test_without_a_look_into_the_log_its_check_is_not_run() -> None:
    seen = [o for o in record() if not isinstance(o, LogCapture)]
    absence = Absence(case="absence", capability="logs", reason="it shows none")
    assert judge("WEB-05.E3", [*seen, absence]).verdict is Verdict.NOT_RUN


@pytest.mark.parametrize("scheme", SPELLINGS)
def test_a_scheme_that_must_be_spelled_so_fails(scheme: str) -> None:
    assert_failed(judge("WEB-05.E4", answered(SPELLED, scheme, 401)), scheme)


@pytest.mark.parametrize("number", [1, 2, 4])
def test_where_the_token_is_not_taken_in_the_header_nothing_is_proven(number: int) -> None:
    seen = [replace(o, status=401) if isinstance(o, HttpExchange) and o.case == AFTERWARDS else o for o in record()]
    assert_unknown(judge(f"WEB-05.E{number}", seen))
