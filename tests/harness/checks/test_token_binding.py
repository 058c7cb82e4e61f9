"""What the checks of codes and refresh tokens that somebody else presents conclude."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from harness.checks.code_binding import (
    AFTERWARDS,
    FLAWLESS,
    MISTAKEN,
    MISTAKES,
    NO_CHALLENGE,
    NO_REDIRECT,
    NO_VERIFIER,
    OTHER_REDIRECT,
    WITHOUT_CHALLENGE,
)
from harness.checks.registry import checks
from harness.checks.token_binding import (
    JUST_ROTATED,
    NOBODY,
    PRESENTED,
    ROTATION,
    SESSION,
    STRANGERS,
    THEN,
    WIDENED,
    WIDER,
)
from harness.model import Verdict
from harness.observations import HttpExchange, Observation, TokenFacts
from tests.harness.checks.records import (
    assert_failed,
    assert_passed,
    assert_unknown,
    exchange,
    judge,
    put_off,
    redirect,
    refused,
    unanswered,
    without,
)

Seen = list[Observation]
CLIENTS = ("desktop", "web")
BINDING = ("TOKEN-02.E1", "TOKEN-02.E2", "TOKEN-02.E3")
REFRESH = ("TOKEN-12.E1", "TOKEN-12.E2", "TOKEN-12.E3")
TOKENS = {"access_token": "at", "refresh_token": "rt", "expires_in": 900, "token_type": "Bearer"}
FORM = {"code": "c", "client_id": "own", "code_verifier": "v", "redirect_uri": "https://app.example/cb"}
CHANGED: dict[str, dict[str, str]] = {
    **{mistake: {"code_verifier": ""} for mistake in NO_VERIFIER},
    "by another client": {"client_id": "other"},
    OTHER_REDIRECT: {"redirect_uri": "https://app.example/other"},
    **{mistake: {"redirect_uri": ""} for mistake in NO_REDIRECT},
}


def form(**changes: str) -> dict[str, str]:
    return {"request_body": urlencode({**FORM, **changes})}


def redemptions(mistakes: tuple[str, ...] = tuple(MISTAKES), redirect_uris: str = "2", by: str = "registered") -> Seen:
    seen: Seen = []
    for client in CLIENTS:
        seen.append(exchange(FLAWLESS, 200, TOKENS, client=client, redirect_uris=redirect_uris, **form()))
        answer = {"code": "c"} if WITHOUT_CHALLENGE in mistakes else {"error": "invalid_request"}
        seen.append(redirect(NO_CHALLENGE, "https://app.example/cb", answer, client=client, mistake=WITHOUT_CHALLENGE))
        for mistake in mistakes:
            about: dict[str, str] = {"client": client, "mistake": mistake}
            changes = CHANGED.get(mistake, {"code_verifier": "w"})
            seen.append(
                refused(MISTAKEN, by=by if mistake == "by another client" else "registered", **about, **form(**changes))
            )
            seen.append(refused(AFTERWARDS, **about, **form()))
    return seen


def sessions() -> Seen:
    seen: Seen = []
    sent = {"request_body": "refresh_token=rt"}
    for client in CLIENTS:
        for presented in (*STRANGERS, JUST_ROTATED, WIDENED):
            about: dict[str, str] = {"client": client, "presented": presented}
            seen.append(exchange(SESSION, 200, TOKENS, role="token", **about))
            if presented == JUST_ROTATED:
                seen.append(exchange(ROTATION, 200, TOKENS, **about, **sent))
            by = "registered" if "another client" in presented else "unknown"
            if presented == WIDENED:
                seen.append(exchange(WIDER, 400, {"error": "invalid_scope"}, wider="admin", **about, **sent))
            else:
                seen.append(refused(PRESENTED, by=by, **about, **sent))
            seen.append(exchange(THEN, 200, TOKENS, **about, **sent))
    return seen


PASSING = {**dict.fromkeys(BINDING, redemptions()), **dict.fromkeys(REFRESH, sessions())}
NEEDED = {
    **{expectation: {FLAWLESS, MISTAKEN, AFTERWARDS, NO_CHALLENGE} for expectation in BINDING},
    "TOKEN-12.E1": {PRESENTED, ROTATION},
    "TOKEN-12.E2": {WIDER},
    "TOKEN-12.E3": {THEN},
}
NEEDS = [
    (e, n)
    for e, seen in PASSING.items()
    for n, one in enumerate(seen)
    if one.case in NEEDED[e] and (one.case, one.about.get("presented")) != (THEN, JUST_ROTATED)
]


@pytest.mark.parametrize("expectation", PASSING)
def test_a_record_that_is_as_it_should_be_passes(expectation: str) -> None:
    assert_passed(judge(expectation, PASSING[expectation]))


@pytest.mark.parametrize(("expectation", "index"), NEEDS)
def test_without_any_one_observation_that_it_needs_it_is_unknown(expectation: str, index: int) -> None:
    assert_unknown(judge(expectation, without(PASSING[expectation], index)))


@pytest.mark.parametrize(("expectation", "index"), NEEDS)
def test_a_request_that_got_no_answer_or_was_put_off_is_unknown(expectation: str, index: int) -> None:
    assert_unknown(judge(expectation, unanswered(PASSING[expectation], index)))
    for status in (429, 503):
        assert_unknown(judge(expectation, put_off(PASSING[expectation], index, status)))


def changed(expectation: str, case: str, status: int, body: object = "", **about: str) -> Seen:
    """The record with another answer to each request of this case and these entries of `about`."""
    seen = list(PASSING[expectation])
    for index, one in enumerate(seen):
        if isinstance(one, HttpExchange) and one.case == case and about.items() <= one.about.items():
            other = exchange(case, status, body)
            seen[index] = replace(one, status=status, body=other.body)
    assert seen != PASSING[expectation]
    return seen


FAILING: dict[str, tuple[str, Callable[[], Seen], str]] = {
    "a wrong verifier accepted": (
        "TOKEN-02.E1",
        lambda: changed("TOKEN-02.E1", MISTAKEN, 200, TOKENS, client="web", mistake="the challenge as verifier"),
        "web, the challenge as verifier: HTTP 200 with a token instead of 400 invalid_grant",
    ),
    "another error": (
        "TOKEN-02.E1",
        lambda: changed("TOKEN-02.E1", MISTAKEN, 400, {"error": "invalid_redirect_uri"}, mistake="no redirect URI"),
        "no redirect URI: HTTP 400 invalid_redirect_uri instead",
    ),
    "another status": (
        "TOKEN-02.E1",
        lambda: changed("TOKEN-02.E1", MISTAKEN, 403, {"error": "invalid_grant"}, mistake="by another client"),
        "by another client: HTTP 403 invalid_grant instead",
    ),
    "an empty answer": (
        "TOKEN-02.E1",
        lambda: changed("TOKEN-02.E1", MISTAKEN, 400, "", mistake="no verifier"),
        "desktop, no verifier: HTTP 400 without an error in JSON instead",
    ),
    "a known client called unknown": (
        "TOKEN-02.E1",
        lambda: changed("TOKEN-02.E1", MISTAKEN, 401, {"error": "invalid_client"}, mistake="by another client"),
        "by another client: HTTP 401 invalid_client instead",
    ),
    "a verifier without a challenge accepted": (
        "TOKEN-02.E1",
        lambda: changed("TOKEN-02.E1", MISTAKEN, 200, TOKENS, mistake=WITHOUT_CHALLENGE),
        "desktop, a verifier without a challenge: HTTP 200 with a token",
    ),
    "a code that survives": (
        "TOKEN-02.E2",
        lambda: changed("TOKEN-02.E2", AFTERWARDS, 200, TOKENS, client="web", mistake="no verifier"),
        "web, no verifier: afterwards the code still works",
    ),
    "a token in a refusal": (
        "TOKEN-02.E3",
        lambda: changed("TOKEN-02.E3", MISTAKEN, 400, {"error": "invalid_grant", "access_token": "at"}, client="web"),
        "web, no verifier: HTTP 400 invalid_grant with a token",
    ),
    "a token in the text of a later refusal": (
        "TOKEN-02.E3",
        lambda: changed("TOKEN-02.E3", AFTERWARDS, 400, "not {{unregistered_jwt:0123456789abcdef:300}}", client="web"),
        "web, no verifier: HTTP 400 with a token",
    ),
    "a refresh by another client": (
        "TOKEN-12.E1",
        lambda: changed("TOKEN-12.E1", PRESENTED, 200, TOKENS, client="web", presented="by another client"),
        "the token of web, by another client: HTTP 200 with a token",
    ),
    "a successor handed to another client": (
        "TOKEN-12.E1",
        lambda: changed("TOKEN-12.E1", PRESENTED, 200, TOKENS, client="web", presented=JUST_ROTATED),
        "the token of web, by another client, just rotated: HTTP 200 with a token",
    ),
    "an invalid request that names another client": (
        "TOKEN-12.E1",
        lambda: changed("TOKEN-12.E1", PRESENTED, 400, {"error": "invalid_request"}, presented="by another client"),
        "by another client: HTTP 400 invalid_request",
    ),
    "an invalid request that names an unknown client": (
        "TOKEN-12.E1",
        lambda: changed("TOKEN-12.E1", PRESENTED, 400, {"error": "invalid_request"}, presented="by an unknown client"),
        "by an unknown client: HTTP 400 invalid_request",
    ),
    "a refusal of nobody with a token": (
        "TOKEN-12.E1",
        lambda: changed("TOKEN-12.E1", PRESENTED, 400, {"error": "invalid_request", "id_token": "i"}, presented=NOBODY),
        "by nobody: HTTP 400 invalid_request with a token",
    ),
    "a refusal with a token": (
        "TOKEN-12.E1",
        lambda: changed("TOKEN-12.E1", PRESENTED, 400, {"error": "invalid_grant", "id_token": "it"}),
        "HTTP 400 invalid_grant with a token",
    ),
    "a wider scope": (
        "TOKEN-12.E2",
        lambda: changed("TOKEN-12.E2", WIDER, 200, {**TOKENS, "scope": "api admin"}, client="web"),
        "web: 'admin' was granted, which the login was not",
    ),
    "another error to a wider scope": (
        "TOKEN-12.E2",
        lambda: changed("TOKEN-12.E2", WIDER, 500, {"error": "server_error"}, client="web"),
        "web: HTTP 500 server_error to a wider scope",
    ),
    "a session that a stranger ended": (
        "TOKEN-12.E3",
        lambda: changed("TOKEN-12.E3", THEN, 400, {"error": "invalid_grant"}, client="web", presented="by nobody"),
        "web, after its token was presented by nobody: HTTP 400 invalid_grant",
    ),
    "a refresh that brings nothing": (
        "TOKEN-12.E3",
        lambda: changed("TOKEN-12.E3", THEN, 200, "", client="web", presented=WIDENED),
        "web, after its token was presented with a wider scope: HTTP 200",
    ),
}


@pytest.mark.parametrize("what", FAILING)
def test_a_record_that_is_not_as_it_should_be_fails_and_shows_by_what(what: str) -> None:
    expectation, seen, words = FAILING[what]
    assert_failed(judge(expectation, seen()), words)


def test_an_unknown_client_may_be_called_so_and_burns_no_code() -> None:
    seen = redemptions(by="unknown")
    for index, one in enumerate(seen):
        assert isinstance(one, HttpExchange)
        if one.case == MISTAKEN and one.about["mistake"] == "by another client":
            seen[index] = replace(one, status=401, body='{"error": "invalid_client"}')
            after = seen[index + 1]
            assert isinstance(after, HttpExchange)
            seen[index + 1] = replace(after, status=200, body='{"access_token": "at"}')
    assert judge("TOKEN-02.E1", seen).verdict is Verdict.PASSED
    assert "one that nobody registered" in judge("TOKEN-02.E1", seen).reason
    assert judge("TOKEN-02.E2", seen).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("presented", "status", "error"),
    [
        (NOBODY, 400, "invalid_request"),
        (NOBODY, 400, "invalid_client"),
        (NOBODY, 401, "invalid_client"),
        ("with an empty client id", 400, "invalid_request"),
        ("by an unknown client", 400, "invalid_client"),
        ("by another client", 401, "invalid_client"),
        ("by another client", 400, "unauthorized_client"),
        (JUST_ROTATED, 400, "unauthorized_client"),
    ],
)
def test_a_stranger_may_be_refused_in_the_words_of_the_rfc(presented: str, status: int, error: str) -> None:
    seen = changed("TOKEN-12.E1", PRESENTED, status, {"error": error}, presented=presented)
    assert judge("TOKEN-12.E1", seen).verdict is Verdict.PASSED


def test_a_verifier_too_many_may_be_called_malformed() -> None:
    seen = changed("TOKEN-02.E1", MISTAKEN, 400, {"error": "invalid_request"}, mistake=WITHOUT_CHALLENGE)
    assert judge("TOKEN-02.E1", seen).verdict is Verdict.PASSED


def test_a_token_that_was_not_rotated_is_not_judged_as_one() -> None:
    seen = changed("TOKEN-12.E1", ROTATION, 400, {"error": "invalid_grant"}, client="web")
    assert judge("TOKEN-12.E1", seen).verdict is Verdict.UNKNOWN


def test_a_session_may_be_ended_for_a_rotated_token_that_another_client_presents() -> None:
    seen = changed("TOKEN-12.E3", THEN, 400, {"error": "invalid_grant"}, presented=JUST_ROTATED)
    assert judge("TOKEN-12.E3", seen).verdict is Verdict.PASSED


def test_burning_is_told_as_a_requirement_of_the_catalog_and_of_no_rfc() -> None:
    for expectation in ("TOKEN-02.E2", "TOKEN-12.E3"):
        assert checks()[expectation].clause == "this catalog's own requirement (no RFC makes it)"


def test_what_a_client_cannot_try_is_said_and_nothing_more() -> None:
    less = tuple(mistake for mistake in MISTAKES if mistake not in (OTHER_REDIRECT, WITHOUT_CHALLENGE))
    judgement = judge("TOKEN-02.E1", redemptions(less, redirect_uris="1"))
    assert judgement.verdict is Verdict.PASSED
    assert "no client has a second redirect URI; no code is given without a challenge" in judgement.reason
    assert judge("TOKEN-02.E1", redemptions(less, redirect_uris="2")).verdict is Verdict.UNKNOWN


def test_requests_that_differ_in_something_else_are_no_attempt() -> None:
    for altered in ({"code": "another"}, {"code": ""}, {"redirect_uri": "https://elsewhere.example"}, FORM):
        seen = list(redemptions())
        index = next(
            n for n, one in enumerate(seen) if one.about.get("mistake") == "no verifier" and one.case == MISTAKEN
        )
        one = seen[index]
        assert isinstance(one, HttpExchange)
        seen[index] = replace(one, request_body=form(**altered)["request_body"])
        assert judge("TOKEN-02.E1", seen).verdict is Verdict.UNKNOWN, altered


def test_a_target_at_which_no_code_works_is_not_judged() -> None:
    seen = changed("TOKEN-02.E2", FLAWLESS, 500, client="web")
    assert judge("TOKEN-02.E2", seen).verdict is Verdict.UNKNOWN


def test_tokens_that_were_granted_are_in_no_refusal() -> None:
    granted = changed("TOKEN-02.E3", MISTAKEN, 200, TOKENS)
    assert judge("TOKEN-02.E3", granted).verdict is Verdict.PASSED
    nothing = [replace(o, status=200) if isinstance(o, HttpExchange) and o.case == AFTERWARDS else o for o in granted]
    assert judge("TOKEN-02.E3", nothing).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("status", "error"), [(500, ""), (429, "slow_down"), (503, ""), (400, "invalid_request"), (401, "invalid_client")]
)
def test_only_invalid_grant_afterwards_shows_that_the_code_is_burned(status: int, error: str) -> None:
    for about in ({}, {"client": "web", "mistake": "no verifier"}):
        seen = changed("TOKEN-02.E2", AFTERWARDS, status, {"error": error}, **about)
        assert judge("TOKEN-02.E2", seen).verdict is Verdict.UNKNOWN


def test_a_code_that_may_have_expired_before_it_was_presented_again_is_not_shown_to_be_burned() -> None:
    seen = redemptions()
    index = next(n for n, one in enumerate(seen) if one.case == AFTERWARDS)
    late = seen[index]
    assert isinstance(late, HttpExchange)
    for began, seconds in ((21.0, 0.1), (1.0, 30.0)):
        seen[index] = replace(late, began=began, seconds=seconds)
        assert judge("TOKEN-02.E2", seen).verdict is Verdict.UNKNOWN
    seen[index] = replace(late, status=200, began=21.0)
    assert judge("TOKEN-02.E2", seen).verdict is Verdict.FAILED


def widened(answer: dict[str, Any], **claims: str) -> Seen:
    facts = TokenFacts(case=WIDER, token="at2", token_kind="access_token", form="jwt", claims=claims)
    return [*changed("TOKEN-12.E2", WIDER, 200, {**TOKENS, **answer}), *([facts] if claims else [])]


def test_a_token_of_the_scope_that_was_granted_passes() -> None:
    assert "the scope stays 'api'" in judge("TOKEN-12.E2", widened({"scope": "api"})).reason
    assert judge("TOKEN-12.E2", widened({"access_token": "at2"}, scope="api")).verdict is Verdict.PASSED
    assert "the token has no scope" in judge("TOKEN-12.E2", widened({"access_token": "at2"}, iss="x")).reason


def test_the_scope_of_a_token_is_read_where_the_answer_does_not_tell_it() -> None:
    assert_failed(judge("TOKEN-12.E2", widened({"access_token": "at2"}, scope="api admin")), "'admin' was granted")
    assert judge("TOKEN-12.E2", widened({"access_token": "opaque"})).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("expectation", REFRESH)
def test_clients_without_refresh_tokens_are_left_out_and_without_any_nothing_is_judged(expectation: str) -> None:
    seen = changed(expectation, SESSION, 200, {"access_token": "at"}, client="web")
    only_desktop = [one for one in seen if one.case == SESSION or one.about["client"] == "desktop"]
    assert judge(expectation, only_desktop).verdict is Verdict.PASSED
    assert judge(expectation, changed(expectation, SESSION, 200, {"access_token": "at"})).verdict is Verdict.UNKNOWN
    assert judge(expectation, changed(expectation, SESSION, 400, client="web")).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("expectation", REFRESH)
def test_a_refresh_without_a_token_proves_nothing(expectation: str) -> None:
    seen = [
        replace(one, request_body="refresh_token=") if isinstance(one, HttpExchange) and one.request_body else one
        for one in sessions()
    ]
    assert judge(expectation, seen).verdict is Verdict.UNKNOWN
