"""Each check of the web client: what passes, what fails, and that nothing observed is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from harness.checks.registry import judge
from harness.checks.web import PAGES, REACH, SEARCHES
from harness.model import Verdict
from harness.observations import Cookie, CookieJar, Hit, Observation, PageView, SecretScan

CLIENT = "https://app.dev.localhost"
SESSION = Cookie(
    name="__Host-session",
    domain="app.dev.localhost",
    path="/",
    secure=True,
    http_only=True,
    same_site="Lax",
    host_only=True,
    size=57,
    value="{{session_cookie:0123456789abcdef:43}}",
    max_age=86_400,
)
DELETED = replace(SESSION, value="", size=14, max_age=0)


def jar(case: str, source: Any, *cookies: Cookie, url: str = CLIENT) -> CookieJar:
    return CookieJar(case=case, source=source, cookies=cookies, url=url)


def view(case: str, cookie: str = "", readable: str = "yes", signed_in: bool = True) -> PageView:
    about = {"readable": readable}
    return PageView(case=case, about=about, url=CLIENT, title="", text="", document_cookie=cookie, signed_in=signed_in)


def session() -> list[Observation]:
    seen: list[Observation] = []
    for moment in ("login", "renewal"):
        seen += [view(moment), jar(moment, "set-cookie", SESSION), jar(moment, "jar", replace(SESSION, max_age=None))]
    seen += [jar("the client's own name", "sent", SESSION), jar("sibling", "sent"), jar("http", "sent")]
    return [*seen, view("logout"), jar("logout", "set-cookie", DELETED), jar("logout", "jar")]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_session_with_the_required_cookies_passes(number: int) -> None:
    assert verdict(f"WEB-01.E{number}", session()) is Verdict.PASSED


@pytest.mark.parametrize("moment", ["login", "renewal", "logout"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "session"},
        {"secure": False},
        {"http_only": False},
        {"same_site": "None"},
        {"same_site": ""},
        {"path": "/app"},
        {"host_only": False, "domain": "dev.localhost"},
    ],
)
def test_a_cookie_that_lacks_an_attribute_at_any_moment_fails(moment: str, wrong: dict[str, Any]) -> None:
    changed = jar(moment, "set-cookie", SESSION, replace(SESSION, **wrong))
    assert verdict("WEB-01.E1", instead(session(), changed)) is Verdict.FAILED


@pytest.mark.parametrize(
    "changed",
    [
        view("renewal", "session=abc"),
        jar("sibling", "sent", SESSION),
        jar("http", "sent", SESSION),
    ],
)
def test_a_cookie_that_goes_elsewhere_fails(changed: Observation) -> None:
    assert verdict("WEB-01.E2", instead(session(), changed)) is Verdict.FAILED


@pytest.mark.parametrize("changed", [view("login", readable="no"), jar("the client's own name", "sent")])
def test_a_witness_that_sees_nothing_proves_nothing(changed: Observation) -> None:
    assert verdict("WEB-01.E2", instead(session(), changed)) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "wrong", [{"personal": ("e-mail address",), "decoded": "json"}, {"decoded": "jwt"}, {"size": 4097}]
)
def test_a_cookie_that_tells_something_or_is_too_long_fails(wrong: dict[str, Any]) -> None:
    changed = jar("renewal", "set-cookie", replace(SESSION, **wrong))
    assert verdict("WEB-01.E3", instead(session(), changed)) is Verdict.FAILED


@pytest.mark.parametrize(
    "changed",
    [
        jar("logout", "set-cookie", SESSION),
        jar("logout", "set-cookie", replace(DELETED, secure=False)),
        jar("logout", "set-cookie", replace(DELETED, path="/logout")),
        jar("logout", "jar", SESSION),
    ],
)
def test_a_logout_that_does_not_delete_the_cookie_fails(changed: Observation) -> None:
    assert verdict("WEB-01.E4", instead(session(), changed)) is Verdict.FAILED


@pytest.mark.parametrize("number", [1, 3])
def test_a_moment_at_which_no_cookie_was_set_proves_nothing(number: int) -> None:
    assert verdict(f"WEB-01.E{number}", instead(session(), jar("renewal", "set-cookie"))) is Verdict.UNKNOWN


def search(moment: str, part: str, *hits: Hit, **other: Any) -> SecretScan:
    known: dict[str, Any] = {"places": REACH[part], "kinds": ("access_token", "refresh_token"), "planted_found": True}
    return SecretScan(case=moment, about={"part": part}, bytes=100, hits=hits, **{**known, **other})


def searches() -> list[Observation]:
    pages = [replace(view(page), url=f"{CLIENT}/{page}") for page in PAGES]
    return [*pages, *(search(moment, part) for moment in SEARCHES for part in REACH)]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_searches_that_find_nothing_pass(number: int) -> None:
    assert verdict(f"WEB-02.E{number}", searches()) is Verdict.PASSED


@pytest.mark.parametrize(
    ("number", "part", "place"),
    [
        (1, "storages", "localStorage"),
        (1, "storages", "IndexedDB"),
        (1, "page", "inline scripts"),
        (1, "page", "document"),
        (2, "page", "globals"),
        (2, "page", "messages"),
        (2, "answers", "answers: https://app.dev.localhost/session"),
        (3, "storages", "sessionStorage"),
    ],
)
def test_a_token_within_reach_of_the_page_fails(number: int, part: str, place: str) -> None:
    found = search("reload", part, Hit(place, "{{refresh_token:0123456789abcdef:43}}"))
    assert verdict(f"WEB-02.E{number}", instead(searches(), found)) is Verdict.FAILED


def test_a_token_in_memory_mode_may_hold_the_access_token_and_no_other() -> None:
    def judged(kind: str) -> Verdict:
        hit = Hit("globals", f"{{{{{kind}:0123456789abcdef:43}}}}")
        found = replace(search("login", "page", hit), about={"part": "page", "mode": "token-in-memory"})
        return verdict("WEB-02.E2", instead(searches(), found))

    assert (judged("access_token"), judged("refresh_token")) == (Verdict.PASSED, Verdict.FAILED)


def test_a_reload_that_signs_out_fails() -> None:
    assert verdict("WEB-02.E3", instead(searches(), view("reload", signed_in=False))) is Verdict.FAILED


@pytest.mark.parametrize("moment", SEARCHES)
def test_a_token_on_any_page_fails(moment: str) -> None:
    found = search(moment, "page", Hit("document", "{{refresh_token:0123456789abcdef:43}}"))
    assert verdict("WEB-02.E1", instead(searches(), found)) is Verdict.FAILED


@pytest.mark.parametrize("number", [1, 2])
def test_a_page_that_led_to_another_proves_nothing(number: int) -> None:
    elsewhere = replace(view("settings page"), url=f"{CLIENT}/reload")
    assert verdict(f"WEB-02.E{number}", instead(searches(), elsewhere)) is Verdict.UNKNOWN


@pytest.mark.parametrize("wrong", [{"planted_found": False}, {"kinds": ("session_cookie",)}, {"places": ("document",)}])
def test_a_search_that_could_not_find_anything_proves_nothing(wrong: dict[str, Any]) -> None:
    for number, part in ((1, "storages"), (2, "answers"), (3, "storages")):
        found = search("reload", part, **wrong)
        assert verdict(f"WEB-02.E{number}", instead(searches(), found)) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "expectation", [*(f"WEB-01.E{n}" for n in range(1, 5)), *(f"WEB-02.E{n}" for n in range(1, 4))]
)
def test_nothing_observed_is_unknown(expectation: str) -> None:
    assert verdict(expectation, [view("something else")]) is Verdict.UNKNOWN


def verdict(expectation: str, seen: Iterable[Observation]) -> Verdict:
    return judge(expectation, seen, {}).verdict


def instead(seen: list[Observation], changed: Observation) -> list[Observation]:
    """The observations with one of them in place of the one that answers the same question."""

    def question(one: Observation) -> tuple[object, ...]:
        return one.kind, one.case, one.about.get("part"), getattr(one, "source", None)

    replaced = [changed if question(one) == question(changed) else one for one in seen]
    assert replaced != seen, "nothing was replaced"
    return replaced
