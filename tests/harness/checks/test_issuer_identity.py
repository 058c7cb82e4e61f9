"""What the checks conclude of an issuer that is told by its requesters who it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.checks.issuer_identity import (
    DOCUMENTS,
    INJECTIONS,
    LOGIN,
    MINTING,
    OTHER_HOST,
    OTHER_PREFIX,
    REFUSAL,
    USES,
)
from harness.model import Verdict
from harness.observations import HttpExchange, Observation, TokenFacts
from tests.harness.checks.records import ISSUER, assert_failed, assert_passed, exchange, judge, redirect

Seen = list[Observation]
CALLBACK = "https://app.dev.localhost/cb"
METADATA = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"}
EVERY = ("STAGE-05.E1", "STAGE-05.E2", "STAGE-05.E3")


def at_the_issuer(injected: str) -> list[HttpExchange]:
    about = {"injected": injected, "configured": ISSUER}
    refresh = {"access_token": "at-refresh"}
    return [
        exchange("metadata", 200, METADATA, **about),
        exchange("OpenID metadata", 404, **about),
        exchange("keys", 200, {"keys": [{"kid": "k1"}]}, **about),
        redirect(REFUSAL, CALLBACK, {"error": "unsupported_response_type", "iss": ISSUER}, **about),
        exchange(LOGIN, 200, '<form action="/login">', **about),
        redirect(LOGIN, CALLBACK, {"code": "c", "iss": ISSUER}, **about),
        exchange(MINTING[0], 200, {"access_token": "at-code"}, **about),
        exchange(MINTING[1], 200, refresh, **about),
    ]


def uses(injected: str) -> list[HttpExchange]:
    about = {"injected": injected, "configured": ISSUER}
    return [exchange(case, status, **about) for case, status in zip(USES, (200, 401, 200), strict=True)]


def facts(case: str, token: str, iss: str = ISSUER, form: str = "jwt") -> TokenFacts:
    return TokenFacts(case=case, token=token, token_kind="access_token", form=form, claims={"iss": iss})


def record() -> Seen:
    asked: Seen = []
    for injected in ("none", *INJECTIONS):
        sent = {"none": (), "all of them": INJECTIONS[:-2], "all but Host": INJECTIONS[1:-2]}.get(injected, (injected,))
        headers = tuple((name, OTHER_HOST) for name in sent)
        asked += [replace(one, request_headers=headers) for one in (*at_the_issuer(injected), *uses(injected))]
    return [*asked, facts(MINTING[0], "at-code"), facts(MINTING[1], "at-refresh")]


def instead(case: str, injected: str, *others: HttpExchange) -> Seen:
    """The record in which these were answered to one request under one injection."""
    seen: Seen = []
    for one in record():
        if (one.case, one.about.get("injected")) != (case, injected):
            seen.append(one)
        elif others:
            assert isinstance(one, HttpExchange)
            about, headers = one.about, one.request_headers
            seen += [replace(other, case=case, about=about, request_headers=headers) for other in others]
            others = ()
    return seen


NEEDED = {
    "STAGE-05.E1": {*DOCUMENTS, REFUSAL, LOGIN, *MINTING, "keys"},
    "STAGE-05.E2": set(MINTING),
    "STAGE-05.E3": set(USES),
}


@pytest.mark.parametrize("expectation", EVERY)
def test_a_record_that_is_as_it_should_be_passes(expectation: str) -> None:
    assert_passed(judge(expectation, record()))


@pytest.mark.parametrize("injected", INJECTIONS)
@pytest.mark.parametrize(("expectation", "case"), [(e, case) for e in EVERY for case in sorted(NEEDED[e])])
def test_without_any_one_request_or_its_answer_it_is_unknown(expectation: str, case: str, injected: str) -> None:
    assert judge(expectation, instead(case, injected)).verdict is Verdict.UNKNOWN
    silent = replace(exchange(case, None), error="Timeout")
    for answer in (silent, exchange(case, 429)):
        assert judge(expectation, instead(case, injected, answer)).verdict is Verdict.UNKNOWN


FAILING: dict[str, tuple[str, Callable[[], Seen], str]] = {
    "another issuer in the metadata": (
        "STAGE-05.E1",
        lambda: instead("metadata", "Forwarded", exchange("", 200, {**METADATA, "issuer": f"https://{OTHER_HOST}"})),
        f"Forwarded, metadata: {OTHER_HOST} in the body",
    ),
    "the host in a refusal": (
        "STAGE-05.E1",
        lambda: instead("metadata", "Host", exchange("", 400, f"no host {OTHER_HOST}")),
        f"Host, metadata: {OTHER_HOST} in the body",
    ),
    "the host in a redirect, encoded": (
        "STAGE-05.E1",
        lambda: instead(
            LOGIN,
            "all but Host",
            redirect("", f"https://up.example/?back=https%3A%2F%2F{OTHER_HOST}"),
            redirect("", CALLBACK),
        ),
        f"all but Host, a login: {OTHER_HOST} in the Location",
    ),
    "another issuer in a refusal": (
        "STAGE-05.E1",
        lambda: instead(
            REFUSAL,
            "X-Forwarded-Host",
            redirect("", CALLBACK, {"error": "invalid_request", "iss": "https://prod.example"}),
        ),
        "X-Forwarded-Host, a refused request: ",
    ),
    "another port": (
        "STAGE-05.E1",
        lambda: instead(
            "metadata", "X-Forwarded-Port", exchange("", 200, {**METADATA, "token_endpoint": f"{ISSUER}:444/token"})
        ),
        "X-Forwarded-Port, metadata: id.dev.localhost:444 in the body",
    ),
    "another scheme": (
        "STAGE-05.E1",
        lambda: instead(LOGIN, "X-Forwarded-Proto", redirect("", "http://id.dev.localhost/login")),
        "X-Forwarded-Proto, a login: http://id.dev.localhost in the Location",
    ),
    "another prefix": (
        "STAGE-05.E1",
        lambda: instead(LOGIN, "X-Forwarded-Prefix", exchange("", 200, f'<form action="{OTHER_PREFIX}/login">')),
        f"X-Forwarded-Prefix, a login: {OTHER_PREFIX} in the body",
    ),
    "the host that X-Forwarded-Server names": (
        "STAGE-05.E1",
        lambda: instead("keys", "X-Forwarded-Server", exchange("", 200, f"see {OTHER_HOST}")),
        f"X-Forwarded-Server, keys: {OTHER_HOST} in the body",
    ),
    "another endpoint": (
        "STAGE-05.E1",
        lambda: instead(
            "metadata", "Forwarded", exchange("", 200, {**METADATA, "token_endpoint": "https://x.example"})
        ),
        "Forwarded, metadata: HTTP 200, and HTTP 200 without the header",
    ),
    "other keys": (
        "STAGE-05.E1",
        lambda: instead("keys", "Forwarded", exchange("", 200, {"keys": [{"kid": "k2"}]})),
        "Forwarded, keys: HTTP 200",
    ),
    "a fault of the server": (
        "STAGE-05.E1",
        lambda: instead("keys", "Host", exchange("", 500)),
        "Host, keys: HTTP 500, and HTTP 200 without the header",
    ),
    "not found, though Host is as it should be": (
        "STAGE-05.E1",
        lambda: instead("metadata", "X-Forwarded-Host", exchange("", 404)),
        "X-Forwarded-Host, metadata: HTTP 404",
    ),
    "a login that leads nowhere": (
        "STAGE-05.E1",
        lambda: instead(LOGIN, "X-Forwarded-Host", exchange("", 200, "<p>hello</p>")),
        "X-Forwarded-Host, a login: HTTP 200, and HTTP 302 with a code without the header",
    ),
    "another iss parameter": (
        "STAGE-05.E1",
        lambda: instead(LOGIN, "Forwarded", redirect("", CALLBACK, {"code": "c", "iss": "https://x.example"})),
        "Forwarded, a login: HTTP 302 with a code, and",
    ),
    "the host in a token": (
        "STAGE-05.E1",
        lambda: [
            *instead(MINTING[0], "Forwarded", exchange("", 200, {"access_token": "at-2"})),
            facts(MINTING[0], "at-2", f"https://{OTHER_HOST}"),
        ],
        f"Forwarded, a code exchange: {OTHER_HOST} in a token",
    ),
    "a token of another issuer": (
        "STAGE-05.E2",
        lambda: [
            *instead(MINTING[1], "Forwarded", exchange("", 200, {"access_token": "at-2"})),
            facts(MINTING[1], "at-2", f"{ISSUER}/"),
        ],
        f"Forwarded, a refresh: the access_token is of '{ISSUER}/'",
    ),
    "a good token refused": (
        "STAGE-05.E3",
        lambda: instead(USES[0], "X-Forwarded-Host", exchange("", 401)),
        "X-Forwarded-Host, a call of the API: HTTP 401, and HTTP 200 without the header",
    ),
    "a false token accepted": (
        "STAGE-05.E3",
        lambda: instead(USES[1], "Forwarded", exchange("", 200)),
        "Forwarded, a call of the API with a false token: HTTP 200, and HTTP 401 without the header",
    ),
    "a good token refused at userinfo": (
        "STAGE-05.E3",
        lambda: instead(USES[2], "all but Host", exchange("", 403)),
        "all but Host, a call of userinfo: HTTP 403",
    ),
}


@pytest.mark.parametrize("what", FAILING)
def test_a_record_that_is_not_as_it_should_be_fails_and_shows_by_what(what: str) -> None:
    expectation, seen, words = FAILING[what]
    assert_failed(judge(expectation, seen()), words)


@pytest.mark.parametrize(
    ("injected", "answer"),
    [
        ("Forwarded", exchange("", 400)),
        ("X-Forwarded-Proto", exchange("", 421)),
        ("Host", exchange("", 404)),
        ("all of them", exchange("", 403)),
        ("X-Forwarded-Proto", redirect("", f"{ISSUER}/")),
    ],
)
def test_a_refusal_passes_and_so_does_a_redirect_to_the_configured_origin(injected: str, answer: HttpExchange) -> None:
    for case in ("metadata", "keys", LOGIN, *MINTING):
        judgement = judge("STAGE-05.E1", instead(case, injected, answer))
        assert judgement.verdict is Verdict.PASSED, judgement
    assert judge("STAGE-05.E2", instead(MINTING[0], injected, answer)).verdict is Verdict.PASSED


@pytest.mark.parametrize("answer", [redirect("", CALLBACK, {"error": "invalid_request"}), exchange("", 401)])
def test_an_altered_host_may_be_refused_by_any_4xx_or_by_a_redirect_with_an_error(answer: HttpExchange) -> None:
    for injected in ("Host", "all of them"):
        assert_passed(judge("STAGE-05.E1", instead(LOGIN, injected, answer)))
    assert_failed(judge("STAGE-05.E1", instead(LOGIN, "Forwarded", answer)), "Forwarded, a login: HTTP")


@pytest.mark.parametrize(
    "answer", [redirect("", f"{ISSUER}/notes"), exchange("", 404), exchange("", 410), exchange("", 421)]
)
def test_an_api_may_keep_out_a_foreign_host_as_the_issuer_may(answer: HttpExchange) -> None:
    for case in USES:
        assert_passed(judge("STAGE-05.E3", instead(case, "Host", answer)))


@pytest.mark.parametrize("answer", [exchange("", 401), redirect("", "https://prod-issuer.example/"), exchange("", 500)])
def test_a_good_token_that_is_no_good_under_another_host_is_another_outcome(answer: HttpExchange) -> None:
    assert_failed(judge("STAGE-05.E3", instead(USES[0], "Host", answer)), f"Host, {USES[0]}: HTTP")


def test_a_refusal_by_redirect_that_names_another_issuer_fails() -> None:
    answer = redirect("", CALLBACK, {"error": "invalid_request", "iss": "https://x.example"})
    assert_failed(judge("STAGE-05.E1", instead(LOGIN, "Host", answer)), "Host, a login: HTTP 302 invalid_request")


def test_a_name_that_only_begins_or_ends_like_the_issuers_is_no_trace() -> None:
    text = "http://id.dev.localhost.example and http://my.id.dev.localhost and id.dev.localhost:4440"
    assert_passed(judge("STAGE-05.E1", instead(LOGIN, "Host", exchange("", 421, text))))


def test_tokens_that_cannot_be_read_tell_nothing() -> None:
    opaque = [replace(one, form="opaque") if isinstance(one, TokenFacts) else one for one in record()]
    assert judge("STAGE-05.E2", opaque).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("expectation", "case"),
    [("STAGE-05.E1", "metadata"), ("STAGE-05.E2", MINTING[0]), ("STAGE-05.E2", MINTING[1])],
)
def test_an_issuer_that_is_down_without_any_header_too_is_not_judged(expectation: str, case: str) -> None:
    assert judge(expectation, instead(case, "none", exchange("", 500))).verdict is Verdict.UNKNOWN


def test_an_api_that_accepts_no_token_at_all_is_not_judged() -> None:
    seen = [o for o in instead(USES[0], "none", exchange("", 401)) if o.case != USES[2]]
    assert judge("STAGE-05.E3", seen).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("expectation", EVERY)
def test_a_request_without_the_header_is_none_under_it(expectation: str) -> None:
    bare = [replace(o, request_headers=()) if isinstance(o, HttpExchange) else o for o in record()]
    assert "it was not sent along" in judge(expectation, bare).reason
    assert judge(expectation, bare).verdict is Verdict.UNKNOWN


def test_a_login_by_a_browser_is_judged_by_its_first_answers() -> None:
    pages = [one for one in record() if one.case != LOGIN or "code" not in getattr(one, "location_parameters", dict)()]
    assert_passed(judge("STAGE-05.E1", pages))
