"""The checks of TOKEN-19, each on a record that passes and on ones that fail, or prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from harness.checks.logout import CLIENTS
from harness.checks.registry import is_own_requirement
from harness.model import Verdict
from harness.observations import Absence, HttpExchange, Observation, PageView, RealtimeConnection, StoreState
from tests.harness.checks.records import assert_failed, exchange, judge, refused

WEB, DESKTOP, RESTARTED = "web client", "desktop client", "desktop client, restarted"
Change = Callable[[Any], Observation]


AFTER = "access after the logout"


def token_of(session: str) -> str:
    return f"{{{{refresh_token:{session.replace(' ', '').replace(',', '')}:43}}}}"


def presenting(case: str, session: str, alive: bool = False) -> HttpExchange:
    sent = urlencode({"refresh_token": token_of(session)})
    answer = exchange(case, 200, {"access_token": "new"}) if alive else refused(case)
    return replace(answer, request_body=sent, about={"session": session, "after": "0.2"})


def access(case: str, session: str, status: int) -> HttpExchange:
    return exchange(case, status, session=session, after="1", waited="in full")


def connection(case: str, name: str, is_open: bool, messages: int = 1, **more: Any) -> RealtimeConnection:
    more.setdefault("status", 200)
    return RealtimeConnection(
        case=case, about={"connection": name}, url="https://api", open=is_open, messages=messages, **more
    )


def logged_out(*sessions: str) -> list[Observation]:
    seen: list[Observation] = []
    for session in sessions:
        seen += [
            exchange(f"{session}: tokens", 200, {"refresh_token": token_of(session)}),
            access("access before the logout", session, 200),
            connection("message before the logout", session, True),
            presenting("refresh after the logout", session),
            access("access after the logout", session, 401),
            connection("connection after the logout", session, False, closed_after=1.5),
            connection("connection opened again", f"{session}, again", False, 0, status=401),
        ]
    cookies = [("cookie before the logout", 200), ("cookie after the logout", 401)]
    return [*seen, *(exchange(case, status, path="/session") for case, status in cookies)]


def changed(seen: Sequence[Observation], case: str, change: Change | None, **about: str) -> list[Observation]:
    """The record with the observations of a case changed; None: without them."""

    def meant(one: Observation) -> bool:
        return one.case == case and all(one.about.get(key) == value for key, value in about.items())

    assert any(meant(one) for one in seen), case
    return [change(one) if meant(one) and change else one for one in seen if change or not meant(one)]


def with_status(status: int | None, body: str = "") -> Change:
    return lambda one: replace(one, status=status, body=body)


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [((401, 401), Verdict.PASSED), ((401, 200), Verdict.FAILED), ((401,), Verdict.UNKNOWN), ((), Verdict.UNKNOWN)],
)
def test_what_one_route_refuses_every_other_must_refuse(answers: tuple[int, ...], verdict: Verdict) -> None:
    seen = logged_out(DESKTOP)
    seen = [replace(one, about={**one.about, "elsewhere": "2"}) if one.case == AFTER else one for one in seen]
    seen += [exchange(f"{AFTER}: elsewhere", status, session=DESKTOP) for status in answers]
    judgement = judge("TOKEN-19.E2", seen)
    assert judgement.verdict is verdict
    assert verdict is not Verdict.FAILED or "lives on at" in judgement.reason


def test_a_web_client_whose_cookie_nobody_tried_is_not_judged() -> None:
    seen = [one for one in logged_out(WEB, DESKTOP) if not one.case.startswith("cookie")]
    assert judge("TOKEN-19.E2", seen).verdict is Verdict.UNKNOWN
    assert "cookie" not in judge("TOKEN-19.E2", logged_out(DESKTOP)).reason


@pytest.mark.parametrize("expectation", ["TOKEN-19.E1", "TOKEN-19.E2"])
def test_a_session_of_which_nothing_is_left_passes(expectation: str) -> None:
    for sessions in ((WEB, DESKTOP), (DESKTOP,)):
        assert judge(expectation, logged_out(*sessions)).verdict is Verdict.PASSED


def test_a_refresh_token_that_lives_on_fails() -> None:
    alive = changed(logged_out(WEB, DESKTOP), "refresh after the logout", with_status(200), session=DESKTOP)
    assert_failed(judge("TOKEN-19.E1", alive), "desktop client: the refresh token lives on")


@pytest.mark.parametrize(
    ("case", "change"),
    [
        ("refresh after the logout", lambda one: replace(one, request_body="refresh_token=another")),
        ("refresh after the logout", with_status(None)),
        ("refresh after the logout", None),
        (f"{WEB}: tokens", None),
        ("access before the logout", with_status(401)),
        ("access before the logout", None),
    ],
)
def test_a_refresh_token_that_was_not_the_sessions_own_or_not_presented_proves_nothing(
    case: str, change: Change | None
) -> None:
    assert judge("TOKEN-19.E1", changed(logged_out(WEB), case, change)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("case", "change", "words"),
    [
        ("access after the logout", with_status(200), "the access token lives on"),
        ("cookie after the logout", with_status(200), "the cookie lives on"),
        ("connection opened again", lambda one: replace(one, open=True, status=200), "answered with HTTP 200"),
        ("connection after the logout", lambda one: replace(one, closed_after=61.0), "closed 61 s after"),
    ],
)
def test_whatever_of_a_session_lives_on_fails(case: str, change: Change, words: str) -> None:
    assert_failed(judge("TOKEN-19.E2", changed(logged_out(WEB), case, change)), words)


def test_a_connection_that_is_open_after_the_bound_fails() -> None:
    seen = changed(logged_out(WEB), "connection after the logout", lambda one: replace(one, open=True))
    late = connection("connection after the bound", WEB, True, 3)
    told = connection("message after the bound", WEB, True, 3)
    assert_failed(judge("TOKEN-19.E2", [*seen, late, told]), "open after the bound, and 2 messages came over it")
    assert judge("TOKEN-19.E2", [*seen, replace(late, open=False, closed_after=59.0)]).verdict is Verdict.PASSED
    assert judge("TOKEN-19.E2", seen).verdict is Verdict.UNKNOWN, "nobody looked after the bound"


@pytest.mark.parametrize(
    ("case", "change"),
    [
        ("message before the logout", lambda one: replace(one, messages=0)),
        ("message before the logout", lambda one: replace(one, open=False)),
        ("connection after the logout", lambda one: replace(one, closed_after=-1.0)),
        ("connection opened again", lambda one: replace(one, status=None, error="refused")),
        ("connection opened again", None),
        ("cookie before the logout", with_status(401)),
        ("access after the logout", with_status(None)),
    ],
)
def test_a_connection_or_cookie_that_was_no_good_before_proves_nothing(case: str, change: Change | None) -> None:
    assert judge("TOKEN-19.E2", changed(logged_out(WEB), case, change)).verdict is Verdict.UNKNOWN


def test_what_lives_on_fails_also_where_the_target_has_no_connections() -> None:
    absent = Absence(case="absence", capability="realtime", reason="none")
    seen = [o for o in logged_out(WEB) if not isinstance(o, RealtimeConnection)]
    assert judge("TOKEN-19.E2", [*seen, absent]).verdict is Verdict.NOT_RUN
    alive = changed(seen, "access after the logout", with_status(200))
    assert judge("TOKEN-19.E2", [*alive, absent]).verdict is Verdict.FAILED


@pytest.mark.parametrize("expectation", ["TOKEN-19.E1", "TOKEN-19.E2", "TOKEN-19.E4"])
def test_where_there_is_no_client_to_log_out_of_nothing_applies(expectation: str) -> None:
    web, desktop = (Absence(case="absence", capability=name, reason="an API", declared=True) for name in CLIENTS)
    assert judge(expectation, [web, desktop]).verdict is Verdict.NOT_APPLICABLE
    assert judge(expectation, [web, replace(desktop, declared=False)]).verdict is Verdict.NOT_RUN
    one = made_up_for() if expectation == "TOKEN-19.E4" else logged_out(DESKTOP)
    assert judge(expectation, [web, *one]).verdict is Verdict.PASSED


def revocations(client: str = "web", access_tokens: bool = True) -> list[Observation]:
    seen: list[Observation] = [exchange("unknown token", 200, client=client)]
    for case in ("own token", "own token with a wrong hint", "own token with an unknown hint"):
        again, about = f"{case}: presented again", {"client": client, "token": "refresh_token"}
        seen += [exchange(case, 200, **about), refused(again, **about)]
        about = {"client": client, "token": "access_token"}
        if access_tokens:
            seen += [exchange(case, 200, **about), exchange(again, 401, after="1", waited="in full", **about)]
        else:
            seen.append(exchange(case, 400, {"error": "unsupported_token_type"}, **about))
    about = {"client": client, "revoker": "desktop"}
    return [
        *seen,
        *(exchange("token of another client", 400, token=kind, **about) for kind in ("refresh_token", "access_token")),
        exchange("token of another client: presented again", 200, **about),
        exchange("token of another client: used again", 200, **about),
        exchange("GET", 405, client=client),
        exchange("GET: presented again", 200, client=client),
    ]


def test_an_endpoint_that_follows_the_standard_passes() -> None:
    assert judge("TOKEN-19.E3", [*revocations("web"), *revocations("desktop")]).verdict is Verdict.PASSED


def test_a_client_that_is_given_no_refresh_token_keeps_nobody_from_judging_the_others() -> None:
    absent = Absence(case="absence", capability="refresh token", reason="the client desktop is given none")
    without = exchange("unknown token", 200, client="desktop")
    assert judge("TOKEN-19.E3", [*revocations("web"), without, absent]).verdict is Verdict.PASSED
    assert judge("TOKEN-19.E3", [*revocations("web"), without]).verdict is Verdict.UNKNOWN
    dead = changed(revocations("web"), "own token: presented again", with_status(200))
    assert_failed(judge("TOKEN-19.E3", [*dead, without, absent]), "answered with 200, and not revoked")
    of_desktop = [o for o in revocations("desktop") if o.about.get("token") == "access_token" and "own" in o.case]
    assert_failed(
        judge(
            "TOKEN-19.E3", [*revocations("web"), without, absent, *changed(of_desktop, "own token", with_status(500))]
        ),
        "desktop: own token (access_token): HTTP 500 instead of 200",
    )
    refused_there = exchange("unknown token", 400, client="desktop")
    assert_failed(judge("TOKEN-19.E3", [*revocations("web"), refused_there, absent]), "desktop: an unknown token")


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 500, 501])
def test_whatever_revokes_nothing_will_do_in_answer_to_a_get(status: int) -> None:
    seen = changed(revocations(), "GET", with_status(status))
    assert judge("TOKEN-19.E3", seen).verdict is Verdict.PASSED
    revoked = changed(seen, "GET: presented again", with_status(400))
    judgement = judge("TOKEN-19.E3", revoked)
    assert_failed(judgement, "a token was revoked by a GET")
    assert is_own_requirement(judgement.reason)


def test_access_tokens_need_not_be_revocable_where_the_issuer_says_so() -> None:
    assert judge("TOKEN-19.E3", revocations(access_tokens=False)).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("case", "change", "words"),
    [
        ("own token", with_status(500), "own token (refresh_token): HTTP 500 instead of 200"),
        ("own token: presented again", with_status(200), "answered with 200, and not revoked"),
        ("own token with a wrong hint: presented again", with_status(200), "with a wrong hint (refresh_token)"),
        ("own token with an unknown hint", with_status(401), "unknown hint (refresh_token): HTTP 401 instead of 200"),
        ("own token with an unknown hint: presented again", with_status(200), "with an unknown hint (refresh_token)"),
        ("unknown token", with_status(400), "an unknown token: HTTP 400 instead of 200"),
        ("token of another client: presented again", with_status(400), "a token that desktop revoked: HTTP 400"),
        ("token of another client: used again", with_status(401), "a token that desktop revoked: HTTP 401"),
        ("GET: presented again", with_status(400), "a token was revoked by a GET"),
    ],
)
def test_each_departure_from_the_standard_fails(case: str, change: Change, words: str) -> None:
    assert_failed(judge("TOKEN-19.E3", changed(revocations(), case, change)), words)


@pytest.mark.parametrize(
    "case",
    [
        "own token",
        "own token with a wrong hint",
        "own token with an unknown hint",
        "own token: presented again",
        "token of another client",
        "token of another client: presented again",
        "token of another client: used again",
        "GET",
        "GET: presented again",
        "unknown token",
    ],
)
def test_a_case_that_was_not_tried_or_not_answered_proves_nothing(case: str) -> None:
    assert judge("TOKEN-19.E3", changed(revocations(), case, None)).verdict is Verdict.UNKNOWN
    assert judge("TOKEN-19.E3", changed(revocations(), case, with_status(None))).verdict is Verdict.UNKNOWN
    assert judge("TOKEN-19.E3", changed(revocations(), case, with_status(429))).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "case", ["own token", "own token with a wrong hint", "token of another client", "GET", "unknown token"]
)
def test_a_revocation_that_the_server_puts_off_by_503_is_not_judged(case: str) -> None:
    assert judge("TOKEN-19.E3", changed(revocations(), case, with_status(503))).verdict is Verdict.UNKNOWN


def test_without_an_endpoint_it_is_not_run_with_the_reason() -> None:
    absent = Absence(case="absence", capability="revocation endpoint", reason="none answers at /revoke")
    judgement = judge("TOKEN-19.E3", [absent])
    assert (judgement.verdict, "none answers at /revoke" in judgement.reason) == (Verdict.NOT_RUN, True)


def made_up_for() -> list[Observation]:
    page = PageView(case=f"{WEB}: logout", url="https://app", title="", text="", signed_in=False)
    out = StoreState(case="", mode="secure", back_end="b", signed_in=False)
    seen: list[Observation] = [
        page,
        exchange("cookie before the logout", 200, path="/session"),
        exchange("cookie after the logout", 401, path="/session"),
        replace(out, case=f"{DESKTOP}: logout"),
        replace(out, case=f"{DESKTOP}: use after the logout", error="the API call failed: SignedOut"),
        replace(out, case=f"{RESTARTED}: logout"),
        replace(out, case=f"{RESTARTED}: restart"),
    ]
    for session in (WEB, DESKTOP, RESTARTED):
        sent = urlencode({"token": token_of(session)})
        seen += [
            exchange(f"{session}: tokens", 200, {"refresh_token": token_of(session)}),
            access("access before the logout", session, 200),
            exchange("revocation without a network", None, request_body=sent, error="ended"),
            presenting("refresh after the retry", session),
        ]
    return seen


def test_a_revocation_that_is_made_up_for_passes() -> None:
    assert judge("TOKEN-19.E4", made_up_for()).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("case", "change", "words"),
    [
        (f"{WEB}: logout", lambda one: replace(one, signed_in=True), "still shows a session"),
        ("cookie after the logout", with_status(200), "the cookie lives on"),
        (f"{DESKTOP}: logout", lambda one: replace(one, signed_in=True), "still signed in"),
        (f"{DESKTOP}: use after the logout", lambda one: replace(one, error=""), "can be used after the logout"),
        (f"{RESTARTED}: restart", lambda one: replace(one, signed_in=True), "can be used after the logout"),
        ("refresh after the retry", with_status(200), "was not tried again"),
        ("revocation without a network", lambda one: replace(one, request_body="token=x"), "did not try to revoke"),
    ],
)
def test_a_logout_that_is_not_complete_or_not_made_up_for_fails(case: str, change: Change, words: str) -> None:
    assert_failed(judge("TOKEN-19.E4", changed(made_up_for(), case, change)), words)


def test_a_store_in_memory_need_not_remember_over_a_restart() -> None:
    seen = changed(made_up_for(), "refresh after the retry", with_status(200), session=RESTARTED)
    assert judge("TOKEN-19.E4", seen).verdict is Verdict.FAILED
    lost = changed(seen, f"{RESTARTED}: restart", lambda one: replace(one, mode="memory-only"))
    assert judge("TOKEN-19.E4", lost).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("case", "change"),
    [
        ("revocation without a network", with_status(200)),
        (f"{DESKTOP}: logout", lambda one: replace(one, signed_in=None)),
        ("refresh after the retry", None),
        (f"{WEB}: logout", None),
        (f"{RESTARTED}: restart", None),
    ],
)
def test_a_failure_that_was_not_brought_about_or_not_looked_at_proves_nothing(case: str, change: Change | None) -> None:
    assert judge("TOKEN-19.E4", changed(made_up_for(), case, change)).verdict is Verdict.UNKNOWN
