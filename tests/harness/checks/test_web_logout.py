"""What the checks of a logout in the browser conclude."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.web_logout import AFTER, AWAY, BACK, BEFORE, KEPT, NEXT, ONLINE, OTHERS, OUT
from harness.model import Judgement
from harness.observations import Cookie, CookieJar, Hit, Observation, SecretScan
from harness.observations.web_logout import RevocationState, TabRequest, TabRequests, TabView, UserNotes
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

WEB = "https://app.prod.localhost:1"
NOTE = Hit("IndexedDB", "{{user_note:0000000000000000:20}}")


def view(case: str, tab: str = "", **more: Any) -> TabView:
    whole = {"path": "/login", "signed_out": True, "seconds": 0.1, "at": 1.0, **more}
    return TabView(case=case, about={"tab": tab}, **whole)


def page(case: str, tab: str, path: str) -> TabView:
    return view(case, tab, path=path, signed_out=False, shows=("name",))


def scan(case: str, *hits: Hit, planted_found: bool = True) -> SecretScan:
    return SecretScan(
        case=case, places=("IndexedDB",), bytes=9, kinds=("note",), hits=hits, planted_found=planted_found
    )


def cookie(name: str, domain: str) -> Cookie:
    return Cookie(name, domain, "/", secure=True, http_only=True, same_site="Lax", host_only=True, size=9)


def jar(*cookies: Cookie) -> CookieJar:
    return CookieJar(case="logout: after", source="jar", cookies=cookies, url=WEB)


def sent(tab: str, at: float, *credentials: str) -> TabRequest:
    return TabRequest(tab, "POST", "/sync/pull", at, credentials)


def one_logout() -> list[Observation]:
    return [
        scan("logout: before", NOTE),
        exchange("logout: cookie before", 200),
        view(KEPT, KEPT, restored=True),
        *(page(BEFORE, tab, "/") for tab in OTHERS),
        *(page(BEFORE, "", path) for path in ("/settings", "/")),
        *(view(AFTER, tab) for tab in OTHERS),
        view(OUT, at=2.0),
        exchange("logout: cookie after", 401),
        scan("logout: after"),
        jar(cookie("__Host-login", "auth.prod.localhost")),
        view(BACK),
        view(ONLINE, "offline"),
        UserNotes(case=NEXT, about={"user": "second"}, texts=("another note",)),
        TabRequests(case=NEXT, requests=(sent("notes", 0.5, "cookie"), sent("", 30.0, "cookie"), sent("offline", 9.0))),
    ]


def away() -> list[Observation]:
    seen: list[Observation] = []
    for who, login in AWAY.items():
        seen += [scan(f"{login}: before", NOTE), exchange(f"{login}: cookie before", 200)]
        seen += [view(f"{who}: signed out"), scan(f"{who}: after"), view(f"{who}: at last")]
        seen += [RevocationState(case=f"{who}: told later", confirmed=True, at=3.0)]
        seen += [exchange(f"{who}: cookie at last", 401)]
    return seen


def judged(number: int, *changed: Observation) -> Judgement:
    """Of a record in which these stand for those of the same kind, case and tab."""
    seen = away() if number == 5 else one_logout()
    for new in changed:
        same = [
            (one.kind, one.case, one.about.get("tab")) == (new.kind, new.case, new.about.get("tab")) for one in seen
        ]
        assert any(same), f"no {new.kind} {new.case!r}"
        seen = [new if is_same else one for one, is_same in zip(seen, same, strict=True)]
    return judge(f"WEB-10.E{number}", seen)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_a_complete_logout_passes(number: int) -> None:
    assert_passed(judged(number))


@pytest.mark.parametrize(
    ("number", "changed", "words"),
    [
        (1, exchange("logout: cookie after", 200), "the copied cookie is still taken"),
        (2, scan("logout: after", NOTE), "IndexedDB still holds the user's note"),
        (2, jar(cookie("__Host-session", "app.prod.localhost")), "the cookie __Host-session is left"),
        (2, jar(cookie("session", ".prod.localhost")), "the cookie session is left"),
        (3, view(BACK, path="/settings", shows=("name",), restored=True), "out of the cache of pages"),
        (3, view(BACK, path="/settings", shows=("name",)), "/settings shows the user's name"),
        (4, view(AFTER, "window", signed_out=False), "'window' is not signed out"),
        (4, view(AFTER, "window", shows=("name",)), "'window' is not signed out"),
        (4, view(AFTER, "notes", at=5.5), "was signed out after 5.5 s only"),
        (4, view(AFTER, "sleeping", seconds=5.5, at=20.0), "was signed out after 5.5 s only"),
        (4, view(ONLINE, "offline", signed_out=False), "when it has its network again"),
        (4, TabRequests(case=NEXT, requests=(sent("notes", 9.0, "header"),)), "POST /sync/pull with a header"),
        (5, view("web client: signed out", signed_out=False, shows=("name",)), "the user's page stays"),
        (5, scan("web client: after", NOTE), "still holds the user's note"),
        (5, exchange("web client: cookie at last", 200), "still taken"),
        (5, view("web client: at last", signed_out=False), "is there again"),
        (5, RevocationState(case="revocation endpoint: told later", confirmed=False, at=60.0), "nothing was revoked"),
    ],
)
def test_what_a_logout_leaves_is_told(number: int, changed: Observation, words: str) -> None:
    assert_failed(judged(number, changed), words)


def test_an_edit_that_goes_under_another_user_is_told() -> None:
    theirs = UserNotes(case=NEXT, about={"user": "second"}, texts=("another note", "unsent 12"))
    assert_failed(judged(4, theirs), "an edit of the user was sent under the next one")


@pytest.mark.parametrize(
    ("number", "changed"),
    [
        (1, exchange("logout: cookie before", 401)),
        (1, replace(exchange("logout: cookie after", 401), status=None)),
        (2, scan("logout: before")),
        (2, scan("logout: after", planted_found=False)),
        (3, view(KEPT, KEPT)),
        (3, view(BACK, path="/", signed_out=False)),
        (4, UserNotes(case=NEXT, about={"user": "second"}, texts=())),
        (4, replace(page(BEFORE, "window", "/settings"), shows=())),
        (5, exchange("logout: cookie before", 401)),
    ],
)
def test_what_shows_nothing_is_unknown(number: int, changed: Observation) -> None:
    assert_unknown(judged(number, changed))


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_nothing_passes_on_a_record_in_which_something_is_missing(number: int) -> None:
    seen = away() if number == 5 else one_logout()
    judgements = [judge(f"WEB-10.E{number}", [*seen[:i], *seen[i + 1 :]]) for i in range(len(seen))]
    assert_unknown(judge(f"WEB-10.E{number}", []))
    assert any(one.verdict.name == "UNKNOWN" for one in judgements)
