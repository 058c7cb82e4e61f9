"""What the checks of ways to tokens that must not be there conclude."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.checks.grant_types import A_CODE, GRANTS, RESPONSE_TYPES, TOKENS
from harness.model import Verdict
from harness.observations import HttpExchange, Observation
from tests.harness.checks.records import (
    ISSUER,
    assert_failed,
    assert_passed,
    assert_unknown,
    exchange,
    judge,
    redirect,
    unanswered,
    without,
)

Seen = list[Observation]
CLIENTS = {"web": "https://app.dev.localhost/cb", "desktop": "http://127.0.0.1:5001/cb"}


def response_types() -> Seen:
    codes = [redirect(A_CODE, uri, {"code": "c"}, client=client) for client, uri in CLIENTS.items()]
    error = {"error": "unsupported_response_type"}
    asked = [(client, uri, kind) for client, uri in CLIENTS.items() for kind in RESPONSE_TYPES]
    return [*codes, *(redirect(TOKENS, uri, error, client=client, response_type=kind) for client, uri, kind in asked)]


def metadata(*named: str, grants: list[str] | None = None) -> dict[str, object]:
    told = {"grant_types_supported": grants} if grants is not None else {}
    return {"issuer": ISSUER, "response_types_supported": list(named), **told}


PASSING: dict[str, Seen] = {
    "TOKEN-04.E1": response_types(),
    "TOKEN-04.E2": [
        exchange(grant, 400, {"error": "unsupported_grant_type"}, client=client)
        for grant in GRANTS
        for client in CLIENTS
    ],
    "TOKEN-04.E3": [exchange("metadata", 200, metadata("code", "id_token")), exchange("OpenID metadata", 404)],
}
NEEDS = [(expectation, index) for expectation, seen in PASSING.items() for index in range(len(seen))]


@pytest.mark.parametrize("expectation", PASSING)
def test_a_record_that_is_as_it_should_be_passes(expectation: str) -> None:
    assert_passed(judge(expectation, PASSING[expectation]))


@pytest.mark.parametrize(("expectation", "index"), NEEDS)
def test_without_any_one_observation_it_is_unknown(expectation: str, index: int) -> None:
    assert_unknown(judge(expectation, without(PASSING[expectation], index)))


@pytest.mark.parametrize(("expectation", "index"), NEEDS)
def test_a_request_that_got_no_answer_is_unknown(expectation: str, index: int) -> None:
    assert_unknown(judge(expectation, unanswered(PASSING[expectation], index)))


def answered(expectation: str, index: int, status: int, body: object = "", location: str = "") -> Seen:
    """The record with another answer to one of its requests."""
    seen = list(PASSING[expectation])
    was = seen[index]
    assert isinstance(was, HttpExchange)
    headers = (("Location", location),) if location else ()
    seen[index] = exchange(was.case, status, body, url=was.url, headers=headers, **was.about)
    return seen


FAILING: dict[str, tuple[str, Callable[[], Seen], str]] = {
    "tokens in the fragment": (
        "TOKEN-04.E1",
        lambda: answered(
            "TOKEN-04.E1", 2, 302, location=f"{CLIENTS['web']}#access_token=at&error=unsupported_response_type"
        ),
        "web, token: tokens came through the browser",
    ),
    "an id_token in the query": (
        "TOKEN-04.E1",
        lambda: answered("TOKEN-04.E1", 7, 302, location=f"{CLIENTS['desktop']}?id_token=it"),
        "desktop, id_token token: tokens came through the browser",
    ),
    "a token in a form": (
        "TOKEN-04.E1",
        lambda: answered("TOKEN-04.E1", 2, 200, '<form><input type="hidden" name="access_token" value="at"></form>'),
        "web, token: tokens came through the browser",
    ),
    "a code": (
        "TOKEN-04.E1",
        lambda: answered("TOKEN-04.E1", 4, 302, location=f"{CLIENTS['web']}?code=c"),
        "web, code token: HTTP 302 with a code instead of unsupported_response_type",
    ),
    "another error": (
        "TOKEN-04.E1",
        lambda: answered("TOKEN-04.E1", 5, 302, location=f"{CLIENTS['web']}?error=invalid_request"),
        "web, code id_token token: HTTP 302 invalid_request instead",
    ),
    "a login page": (
        "TOKEN-04.E1",
        lambda: answered("TOKEN-04.E1", 2, 200, "<form></form>"),
        "web, token: HTTP 200 instead",
    ),
    "tokens for a password": (
        "TOKEN-04.E2",
        lambda: answered("TOKEN-04.E2", 0, 200, {"access_token": "at"}),
        "web, the password grant: HTTP 200 with a token instead",
    ),
    "a fault of the server": (
        "TOKEN-04.E2",
        lambda: answered("TOKEN-04.E2", 3, 500, "Internal Server Error"),
        "desktop, an unknown grant: HTTP 500 without an error in JSON instead of 400 unsupported_grant_type",
    ),
    "a refusal that is no JSON": (
        "TOKEN-04.E2",
        lambda: answered("TOKEN-04.E2", 0, 400, "no"),
        "HTTP 400 without an error",
    ),
    "token in the metadata": (
        "TOKEN-04.E3",
        lambda: answered("TOKEN-04.E3", 0, 200, metadata("code", "code token")),
        "metadata names 'code token'",
    ),
    "token in the other document": (
        "TOKEN-04.E3",
        lambda: answered("TOKEN-04.E3", 1, 200, metadata("token", "code")),
        "OpenID metadata names 'token'",
    ),
    "the password grant in the metadata": (
        "TOKEN-04.E3",
        lambda: answered("TOKEN-04.E3", 0, 200, metadata("code", "id_token", grants=["implicit", "password"])),
        "metadata names the grant password",
    ),
    "the implicit grant, and nothing that it is for but tokens": (
        "TOKEN-04.E3",
        lambda: answered("TOKEN-04.E3", 1, 200, metadata("code", grants=["authorization_code", "implicit"])),
        "OpenID metadata names the grant implicit",
    ),
    "unauthorized_client of a grant that nobody knows": (
        "TOKEN-04.E2",
        lambda: answered("TOKEN-04.E2", 2, 400, {"error": "unauthorized_client"}),
        "web, an unknown grant: HTTP 400 unauthorized_client instead of 400 unsupported_grant_type",
    ),
    "another error to the password grant": (
        "TOKEN-04.E2",
        lambda: answered("TOKEN-04.E2", 0, 400, {"error": "invalid_grant"}),
        "web, the password grant: HTTP 400 invalid_grant instead",
    ),
    "unauthorized_client with another status": (
        "TOKEN-04.E2",
        lambda: answered("TOKEN-04.E2", 0, 401, {"error": "unauthorized_client"}),
        "web, the password grant: HTTP 401 unauthorized_client instead",
    ),
    "no response types": (
        "TOKEN-04.E3",
        lambda: answered("TOKEN-04.E3", 0, 200, {"issuer": ISSUER}),
        "metadata: no response_types_supported",
    ),
}


@pytest.mark.parametrize("what", FAILING)
def test_a_record_that_is_not_as_it_should_be_fails_and_shows_by_what(what: str) -> None:
    expectation, seen, words = FAILING[what]
    assert_failed(judge(expectation, seen()), words)


def test_a_refusal_may_come_as_unauthorized_client_or_as_json() -> None:
    seen = answered("TOKEN-04.E1", 2, 302, location=f"{CLIENTS['web']}?error=unauthorized_client")
    seen[3] = answered("TOKEN-04.E1", 3, 400, {"error": "unsupported_response_type"})[3]
    assert judge("TOKEN-04.E1", seen).verdict is Verdict.PASSED


def test_a_client_may_be_told_that_it_has_no_password_grant() -> None:
    seen = answered("TOKEN-04.E2", 0, 400, {"error": "unauthorized_client"})
    assert judge("TOKEN-04.E2", seen).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "named",
    [
        metadata("code"),  # RFC 8414 §2 would have it mean `implicit` too, but that is not what its issuer says
        metadata("code", grants=["authorization_code", "refresh_token"]),
        metadata("code", "code id_token", grants=["authorization_code", "implicit"]),
    ],
)
def test_grant_types_that_are_not_named_or_serve_an_id_token_alone_pass(named: dict[str, object]) -> None:
    assert judge("TOKEN-04.E3", answered("TOKEN-04.E3", 0, 200, named)).verdict is Verdict.PASSED


def test_an_issuer_that_gives_no_code_either_is_not_judged() -> None:
    seen = answered("TOKEN-04.E1", 0, 302, location=f"{CLIENTS['web']}?error=unauthorized_client")
    assert judge("TOKEN-04.E1", seen).verdict is Verdict.UNKNOWN


def test_without_metadata_nothing_is_judged() -> None:
    assert judge("TOKEN-04.E3", answered("TOKEN-04.E3", 0, 404)).verdict is Verdict.UNKNOWN
