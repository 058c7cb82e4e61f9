"""The cache by RFC 9111: what it must not keep, what it keeps, whom it gives it to, and for how long."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harness.probes.clients import Bounds, Exchanged
from harness.probes.shared_cache import CachingClient, SharedCache, directives

URL = "https://app.example/data"


class Origin:
    """A user agent with a cookie, and the answers that it is given, which tell one another apart by a number."""

    name = "scripted"
    bounds = Bounds()

    def __init__(self, *headers: tuple[str, str], status: int = 200, cookie: str = "") -> None:
        self.headers, self.status, self.cookie, self.asked = headers, status, cookie, 0

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Exchanged:
        self.asked += 1
        return Exchanged(self.status, self.headers, f"answer {self.asked} to {self.cookie or 'nobody'}")

    def cookies_for(self, url: str) -> str:
        return self.cookie

    def close(self) -> None:
        """Nothing is open."""


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def control(value: str) -> tuple[str, str]:
    return ("Cache-Control", value)


def given_on(
    *headers: tuple[str, str], status: int = 200, request: Mapping[str, str] | None = None, method: str = "GET"
) -> bool:
    """Whether what a user with a cookie was answered is given to somebody without one."""
    cache = SharedCache()
    user = CachingClient(Origin(*headers, status=status, cookie="session=user"), cache)
    user.exchange(method, URL, request or {})
    anonymous = CachingClient(Origin(*headers, status=status), cache).exchange("GET", URL, {})
    hit = "hit" in dict(anonymous.headers)["Cache-Status"]
    assert hit == ("session=user" in anonymous.text)
    return hit


DATE, LATER = ("Date", "Mon, 02 Nov 2026 10:00:00 GMT"), ("Expires", "Mon, 02 Nov 2026 11:00:00 GMT")
BEARER = {"Authorization": "Bearer token"}


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (control("max-age=60"),),
        (control("public"),),
        (control("max-age=60, must-revalidate"),),
        (control("max-age=0, s-maxage=60"),),
        (control("max-age=60"), ("Set-Cookie", "a=b")),  # §7.3: a cookie does not keep an answer from being stored
        (DATE, LATER),
        (control("max-age=60"), ("Vary", "Accept-Encoding")),
        (control('ext="no-store", max-age=60'),),
    ],
)
def test_what_does_not_forbid_it_is_given_to_others(headers: tuple[tuple[str, str], ...]) -> None:
    assert given_on(*headers)


@pytest.mark.parametrize(
    "headers",
    [
        (control("no-store"),),
        (control("max-age=60"), control("No-Store")),
        (control("private, max-age=60"),),
        (control('private="set-cookie", max-age=60'),),
        (control("no-cache"),),
        (control("max-age=0"),),
        (control("max-age=60, s-maxage=0"),),
        (control("max-age=60"), ("Age", "60")),
        (("Expires", "0"),),
        (LATER, ("Date", LATER[1])),
        (("Vary", "*"),),
        (("Vary", "Cookie"),),
    ],
)
def test_what_forbids_it_is_not(headers: tuple[tuple[str, str], ...]) -> None:
    assert not given_on(*headers)


def test_an_answer_to_a_bearer_is_shared_only_where_it_says_so() -> None:
    assert not given_on(control("max-age=60"), request=BEARER)
    assert not given_on(request=BEARER)
    for said in ("public", "s-maxage=60", "max-age=60, must-revalidate"):
        assert given_on(control(said), request=BEARER)


def test_a_status_without_a_heuristic_needs_an_explicit_life() -> None:
    assert given_on(status=404)
    assert not given_on(status=403)
    assert not given_on(status=302)
    assert given_on(control("max-age=60"), status=302)
    assert not given_on(control("max-age=60"), status=206)


def test_only_answers_to_get_are_kept() -> None:
    assert not given_on(control("max-age=60"), method="POST")
    assert not given_on(control("max-age=60"), request={"Cache-Control": "no-store"})


def test_an_answer_is_given_until_it_is_stale_with_its_age() -> None:
    clock = Clock()
    agent = CachingClient(Origin(control("max-age=60")), SharedCache(clock))
    agent.exchange("GET", URL, {})
    clock.time = 59
    assert dict(agent.exchange("GET", URL, {}).headers)["Age"] == "59"
    clock.time = 60
    assert agent.exchange("GET", URL, {}).text == "answer 2 to nobody"


def test_a_successful_change_makes_what_is_kept_invalid() -> None:
    agent = CachingClient(Origin(control("max-age=60")), SharedCache())
    agent.exchange("GET", URL, {})
    agent.exchange("POST", URL, {})
    assert agent.exchange("GET", URL, {}).text == "answer 3 to nobody"


def test_who_asks_not_to_be_given_a_kept_answer_is_not() -> None:
    agent = CachingClient(Origin(control("max-age=60")), SharedCache())
    agent.exchange("GET", URL, {})
    assert agent.exchange("GET", URL, {"Cache-Control": "no-cache"}).text == "answer 2 to nobody"


def test_the_variants_of_a_resource_are_kept_side_by_side() -> None:
    agent = CachingClient(Origin(control("max-age=60"), ("Vary", "accept")), SharedCache())
    told = [agent.exchange("GET", URL, {"Accept": kind}).text for kind in ("html", "json", "html", "json")]
    assert told == ["answer 1 to nobody", "answer 2 to nobody"] * 2


def test_a_request_that_was_not_answered_is_not_kept() -> None:
    agent = CachingClient(Origin(status=0), SharedCache())
    assert agent.exchange("GET", URL, {}).status == 0
    assert agent.exchange("GET", URL, {}).text == "answer 2 to nobody"


def test_directives_are_read_whatever_their_case_their_spaces_and_their_quotes() -> None:
    read = directives([control('No-Store , max-age="60",private="a, no-cache"'), control("S-MaxAge=5, max-age=7")])
    assert read == {"no-store": "", "max-age": "60", "private": "a, no-cache", "s-maxage": "5"}


@pytest.mark.parametrize(
    "headers",
    [
        (control("no-store"), ("CDN-Cache-Control", "max-age=60")),
        (control("private"), ("CDN-Cache-Control", "public")),
        (control("no-store"), ("CDN-Cache-Control", "no-store=?0, max-age=60;x=1")),
        (control("no-store"), ("Surrogate-Control", 'content="ESI/1.0", max-age=60+600')),
        (control("max-age=60"), ("CDN-Cache-Control", "no-store")),  # a plain proxy does not heed it
    ],
)
def test_what_is_said_to_caches_of_one_kind_holds_for_these(headers: tuple[tuple[str, str], ...]) -> None:
    assert given_on(*headers)


@pytest.mark.parametrize(
    "headers",
    [
        (control("no-store"), ("CDN-Cache-Control", "")),
        (control("no-store"), ("CDN-Cache-Control", "max-age=60, =")),  # no dictionary: ignored (RFC 9213 §2.1)
        (control("no-store"), ("CDN-Cache-Control", "Max-Age=60")),
        (control("no-store"), ("CDN-Cache-Control", "max-age=0")),
        (control("no-store"), ("CDN-Cache-Control", "private, max-age=60")),
        (control("no-store"), ("CDN-Cache-Control", "no-store"), DATE, LATER),
        (control("no-store"), ("Surrogate-Control", "no-store")),
        (control("no-store"), ("Surrogate-Control", "max-age=0+600")),
    ],
)
def test_what_forbids_it_there_too_is_given_to_nobody(headers: tuple[tuple[str, str], ...]) -> None:
    assert not given_on(*headers)
