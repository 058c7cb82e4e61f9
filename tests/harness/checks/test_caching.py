"""The checks of WEB-09: what is in scope, what is said of it, and what caches held and gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.checks.caching import forbids_keeping, in_scope
from harness.checks.registry import is_own_requirement
from harness.model import Verdict
from harness.observations import Absence, Hit, HttpExchange, Observation, PageView, SecretScan
from tests.harness.checks.records import ISSUER, assert_failed, exchange, judge

NO_STORE = ("Cache-Control", "no-store")
JSON = ("Content-Type", "application/json")
TOKENS = {"access_token": "{{access_token:1:40}}", "token_type": "Bearer"}
CODE = ("Location", "https://app.example/cb?code={{code:1:43}}&state=s")
COOKIE = ("Set-Cookie", "session={{session_cookie:1:43}}")


def said(role: str, status: int, body: object = "", *headers: tuple[str, str], **more: Any) -> HttpExchange:
    sent = more.pop("request_headers", ())
    more.setdefault("url", f"{ISSUER}/{role}")
    return replace(exchange(role, status, body, headers=headers, role=role, **more), request_headers=sent)


BEARER = (("Authorization", "Bearer {{access_token:1:40}}"),)
LOGIN_FORM = '<form method="post"><input type="hidden" name="csrf" value="{{secret:0123456789abcdef:32}}"></form>'


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said("token", 200, TOKENS), "it holds tokens"),
        (said("token", 400, {"error": "invalid_grant"}), "an endpoint that takes credentials"),
        (said("authorize", 302, "", CODE), "it carries an authorization code"),
        (said("authorize", 302, "", COOKIE), "it sets a cookie"),
        (said("authorize", 200, LOGIN_FORM), "its form holds a secret"),
        (said("api", 200, {"sub": "x"}, request_headers=BEARER), "it answers the bearer"),
        (said("api", 403, {"error": "no"}, request_headers=BEARER), "it answers the bearer"),
        (said("web", 200, "<p>Hello Alice", ("Content-Type", "text/html"), session="yes"), "it answers a signed-in"),
        (said("web", 404, "<p>Alice, no", ("Content-Type", "text/html"), session="yes"), "it answers a signed-in"),
    ],
)
def test_what_holds_a_credential_or_somebodys_data_is_in_scope(answer: HttpExchange, why: str) -> None:
    assert why in in_scope(answer)


@pytest.mark.parametrize(
    "answer",
    [
        said("metadata", 200, {"issuer": ISSUER}),
        said("revocation", 200),
        said("revocation", 400, {"error": "invalid_request"}),
        said("revocation", 404, "404 Not Found", advertised="no"),
        said("authorize", 302, "", ("Location", "https://app.example/cb?error=access_denied")),
        said("authorize", 400, "<h1>This application is not registered.</h1>"),
        said("authorize", 200, '<form><input name="user"><input type="password" name="p"></form>'),
        said("authorize", 200, '<form><input type="hidden" name="next" value="/a/long/constant/path"></form>'),
        said("api", 401, {"error": "no_token"}),
        said("api", 401, {"error": "invalid_token"}, request_headers=BEARER),
        said("web", 200, "body {}", ("Content-Type", "text/css"), session="yes"),
        said("web", 200, "<p>Welcome, stranger", ("Content-Type", "text/html")),
        said("web", 303, "", ("Location", "/"), session="yes"),
    ],
)
def test_what_is_for_everybody_or_holds_nothing_is_not(answer: HttpExchange) -> None:
    assert in_scope(answer) == ""


@pytest.mark.parametrize(
    ("lines", "holds"),
    [
        (("no-store",), True),
        (("private, No-Store , max-age=0",), True),
        (("max-age=0", "no-store"), True),
        (("no-cache, private",), False),
        (("no-storage",), False),
        (('private="no-store"',), False),
        ((), False),
    ],
)
def test_no_store_is_a_directive_of_its_own(lines: Sequence[str], holds: bool) -> None:
    headers = [("cache-control", line) for line in lines]
    assert forbids_keeping(said("token", 200, "", *headers)) is holds


def inventory() -> list[Observation]:
    html = ("Content-Type", "text/html")
    return [
        said("token", 200, TOKENS, NO_STORE, JSON),
        said("token", 400, {"error": "invalid_grant"}, NO_STORE, JSON),
        said("login", 302, "", NO_STORE, CODE),
        said("api", 200, {"sub": "x"}, NO_STORE, JSON, request_headers=BEARER),
        said("web", 200, "<p>Hello Alice", NO_STORE, html, session="yes"),
        replace(said("web", 303, "", NO_STORE, COOKIE, session="yes"), case="logout"),
        said("metadata", 200, {"issuer": ISSUER}, ("Cache-Control", "max-age=3600")),
    ]


def test_answers_that_all_say_no_store_pass() -> None:
    assert judge("WEB-09.E1", inventory()).verdict is Verdict.PASSED


@pytest.mark.parametrize("number", range(6))
def test_one_answer_that_may_be_kept_fails(number: int) -> None:
    seen = inventory()
    kept = [header for header in seen[number].headers if header != NO_STORE]  # type: ignore[attr-defined]
    seen[number] = replace(seen[number], headers=(*kept, ("Cache-Control", "private")))  # type: ignore[call-arg]
    judgement = judge("WEB-09.E1", seen)
    assert_failed(judgement, "private instead of no-store")
    assert judgement.shown_by == (f"s#{number + 1}",)


PUBLIC = ("Cache-Control", "public, max-age=60")


@pytest.mark.parametrize(
    ("answer", "own"),
    [
        (said("token", 200, TOKENS, JSON), False),  # RFC 6749 §5.1
        (said("token", 400, {"error": "invalid_grant"}, JSON), True),
        (said("token", 400, {"error": "invalid_grant"}, JSON, PUBLIC), False),
        (said("login", 302, "", CODE), True),
        (said("login", 302, "", CODE, PUBLIC), False),
        (said("login", 302, "", CODE, ("Expires", "Thu, 01 Dec 2033 16:00:00 GMT")), False),
        (said("login", 301, "", CODE), True),
        (replace(said("login", 301, "", CODE), method="GET"), False),
        (replace(said("login", 302, "", CODE), method="GET"), True),
        (replace(said("web", 200, "<p>Hello", session="yes"), method="GET"), False),
    ],
)
def test_what_no_cache_may_keep_anyway_is_the_catalogs_own_requirement(answer: HttpExchange, own: bool) -> None:
    symptom = judge("WEB-09.E1", [answer, *inventory()]).symptoms[0]
    assert is_own_requirement(symptom.text) is own


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (said("token", 200, {"access_token": "a"}, NO_STORE, JSON), "no token_type in an answer with tokens"),
        (said("token", 200, TOKENS, NO_STORE, ("Content-Type", "text/html")), "the content type text/html instead"),
    ],
)
def test_tokens_without_their_type_or_not_as_json_fail(answer: HttpExchange, words: str) -> None:
    assert_failed(judge("WEB-09.E1", [answer, *inventory()[1:]]), words)


ROUTES = f"GET {ISSUER}/api, POST {ISSUER}/notes"
NOTE = replace(said("api", 201, {"id": "n"}, NO_STORE, JSON, request_headers=BEARER, url=f"{ISSUER}/notes"))


def test_a_route_that_was_met_counts_whatever_it_answered_its_user() -> None:
    listed = replace(NOTE, about={**NOTE.about, "routes": ROUTES})
    for met in (listed, replace(listed, status=400)):
        assert judge("WEB-09.E1", [*with_get(), met]).verdict is Verdict.PASSED
    assert_failed(judge("WEB-09.E1", [*with_get(), replace(listed, headers=())]), "/notes, HTTP 201: no Cache-Control")


@pytest.mark.parametrize("status", [401, 403, 404, 405, 503])
def test_a_route_that_did_not_answer_its_user_was_not_met(status: int) -> None:
    seen = [*with_get(), replace(NOTE, status=status, about={**NOTE.about, "routes": ROUTES})]
    judgement = judge("WEB-09.E1", seen)
    assert (judgement.verdict, f"POST {ISSUER}/notes" in judgement.reason) == (Verdict.UNKNOWN, True)


def test_a_route_that_is_listed_and_was_not_asked_leaves_it_open() -> None:
    seen = with_get()
    seen[3] = replace(seen[3], about={**seen[3].about, "routes": ROUTES})
    judgement = judge("WEB-09.E1", seen)
    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.reason == f"routes that never answered their user: POST {ISSUER}/notes"


def with_get() -> list[Observation]:
    seen = inventory()
    seen[3] = replace(seen[3], method="GET")  # type: ignore[call-arg]
    return seen


@pytest.mark.parametrize("number", range(6))
def test_a_kind_of_answer_that_was_never_seen_proves_nothing(number: int) -> None:
    seen = inventory()
    del seen[number]
    assert judge("WEB-09.E1", seen).verdict is Verdict.UNKNOWN


def test_an_issuer_without_web_client_and_api_is_judged_by_itself() -> None:
    absent = [Absence(case="absence", capability=name, reason="none") for name in ("web", "api")]
    assert judge("WEB-09.E1", [*inventory()[:3], *absent]).verdict is Verdict.PASSED
    assert judge("WEB-09.E1", [*inventory()[:3], absent[0]]).verdict is Verdict.NOT_RUN


def test_a_target_that_does_not_answer_proves_nothing() -> None:
    dead = [replace(one, status=None, headers=(), body="") for one in inventory()]  # type: ignore[call-arg]
    assert judge("WEB-09.E1", dead).verdict is Verdict.UNKNOWN
    once = said("token", 200, TOKENS, NO_STORE, JSON)
    assert judge("WEB-09.E1", [*inventory(), replace(once, status=None)]).verdict is Verdict.UNKNOWN


def searched(**changes: Any) -> list[Observation]:
    pages = [
        PageView(case=case, url="https://app", title="", text="", signed_in=case != "settings page")
        for case in ("login", "reload", "settings page")
    ]
    scan = SecretScan(
        case="caches",
        about={"part": "caches"},
        places=("disk cache", "Cache Storage", "code cache"),
        bytes=1000,
        kinds=("access_token", "refresh_token", "session_cookie", "subject", "user_name"),
        hits=(),
        planted_found=True,
    )
    return [*pages, replace(scan, **changes)]


def test_caches_that_hold_nothing_pass() -> None:
    assert judge("WEB-09.E2", searched()).verdict is Verdict.PASSED


def test_a_canary_in_a_cache_fails_and_is_told_once() -> None:
    hits = (
        Hit("disk cache: https://app/!gzip@9", "{{user_name:0:24}}"),
        Hit("disk cache: https://app/", "{{user_name:0:24}}"),
    )
    judgement = judge("WEB-09.E2", searched(hits=hits))
    assert_failed(judgement, "{{user_name:0:24}} in disk cache: https://app/")
    assert judgement.reason.count("user_name") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"planted_found": False},
        {"places": ("disk cache",)},
        {"kinds": ("access_token", "refresh_token", "session_cookie")},
        {"case": "something else"},
    ],
)
def test_a_search_that_was_not_complete_proves_nothing(changes: dict[str, Any]) -> None:
    assert judge("WEB-09.E2", searched(**changes)).verdict is Verdict.UNKNOWN


def test_a_user_who_was_not_signed_in_left_nothing_to_keep() -> None:
    seen = [replace(o, signed_in=False) if isinstance(o, PageView) else o for o in searched()]
    assert judge("WEB-09.E2", seen).verdict is Verdict.UNKNOWN


HIT, MISS = ("Cache-Status", "authassay; hit"), ("Cache-Status", "authassay; fwd=uri-miss; stored")


def shared(
    user: HttpExchange, anonymous: HttpExchange, past: HttpExchange, page: str = "https://app/", works: bool = True
) -> list[Observation]:
    about = {"page": page, "user": "alice"}
    askers = (("user", user), ("anonymous", anonymous), ("anonymous, past the cache", past))
    asked = [replace(e, case="shared cache", about={**about, "asker": asker}) for asker, e in askers]
    public = replace(
        said("web", 200, "public", HIT if works else MISS), case="public page", about={"asker": "anonymous"}
    )
    return [public, *asked]


HIS, STRANGERS = said("web", 200, "Hello alice", MISS), said("web", 401, "who?", MISS)
GIVEN = said("web", 200, "Hello alice", HIT)


def test_a_cache_that_gives_nothing_away_passes() -> None:
    assert judge("WEB-09.E3", shared(HIS, STRANGERS, STRANGERS)).verdict is Verdict.PASSED


def test_what_is_the_users_and_comes_from_the_cache_fails() -> None:
    assert_failed(judge("WEB-09.E3", shared(HIS, GIVEN, STRANGERS)), "gives the user's answer to anybody")
    welcome = said("web", 200, "Hello stranger", MISS)
    assert_failed(judge("WEB-09.E3", shared(HIS, GIVEN, welcome)), "gives the user's answer to anybody")


def test_what_everybody_is_answered_may_come_from_the_cache() -> None:
    page = said("web", 200, "About us", MISS)
    assert judge("WEB-09.E3", shared(page, replace(page, headers=(HIT,)), page)).verdict is Verdict.PASSED


def test_another_cache_on_the_way_is_not_ours() -> None:
    other = replace(GIVEN, headers=(("Cache-Status", "cdn; hit"), MISS))
    assert judge("WEB-09.E3", shared(HIS, other, STRANGERS)).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "seen",
    [
        shared(HIS, STRANGERS, STRANGERS, works=False),
        shared(replace(HIS, status=500), STRANGERS, STRANGERS),
        shared(HIS, replace(STRANGERS, status=None), STRANGERS),
        shared(HIS, STRANGERS, STRANGERS)[:-1],
        shared(HIS, STRANGERS, STRANGERS)[:1],
    ],
)
def test_a_cache_or_user_that_got_nothing_proves_nothing(seen: list[Observation]) -> None:
    assert judge("WEB-09.E3", seen).verdict is Verdict.UNKNOWN
