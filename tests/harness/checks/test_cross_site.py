"""What the checks of cross-site requests and of CORS conclude."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.cross_site import ATTACK, ELSEWHERE, OWN, SIBLING
from harness.observations import CrossSiteAttempt, HttpExchange, Observation, PageView, ReceivedRequest
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

EVIL = "https://evil.example"
REFUSED = ReceivedRequest("POST", "/logout", 403, True)


def attempt(sender: str, *received: ReceivedRequest, case: str = ATTACK, **more: Any) -> CrossSiteAttempt:
    return CrossSiteAttempt(case=case, sender=sender, way="a form", action="log out", received=received, **more)


def record() -> list[Observation]:
    signed_in = PageView(case="login", url="", title="", text="", signed_in=True)
    attacks = [attempt(sender, REFUSED) for sender in (*ELSEWHERE, SIBLING)]
    return [signed_in, *attacks, attempt("own", replace(REFUSED, status=303), case=OWN)]


def instead(changed: CrossSiteAttempt) -> list[Observation]:
    kept = [o for o in record() if not (isinstance(o, CrossSiteAttempt) and o.sender == changed.sender)]
    return [*kept, changed]


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_client_that_refuses_others_and_serves_its_own_pages_passes(number: int) -> None:
    assert_passed(judge(f"WEB-06.E{number}", record()))


@pytest.mark.parametrize("sender", [*ELSEWHERE, SIBLING])
def test_an_attack_that_is_answered_or_has_an_effect_fails(sender: str) -> None:
    number = 2 if sender == SIBLING else 1
    answered = attempt(sender, replace(REFUSED, status=303))
    assert_failed(judge(f"WEB-06.E{number}", instead(answered)), "was answered 303")
    effective = attempt(sender, REFUSED, changed=("the cookies",))
    assert_failed(judge(f"WEB-06.E{number}", instead(effective)), "changed the cookies")


def test_a_preflight_may_be_answered() -> None:
    preflight = attempt("cross-site", ReceivedRequest("OPTIONS", "/logout", 200, False))
    assert_passed(judge("WEB-06.E1", instead(preflight)))


@pytest.mark.parametrize("sender", [*ELSEWHERE, SIBLING])
def test_an_attack_that_never_came_proves_nothing(sender: str) -> None:
    assert_unknown(judge(f"WEB-06.E{2 if sender == SIBLING else 1}", instead(attempt(sender))))


@pytest.mark.parametrize("sender", ["unnamed", SIBLING])
def test_attacks_without_the_cookie_prove_nothing(sender: str) -> None:
    bare = attempt(sender, replace(REFUSED, cookie=False))
    assert_unknown(judge(f"WEB-06.E{2 if sender == SIBLING else 1}", instead(bare)))


@pytest.mark.parametrize("number", [1, 2])
def test_without_a_session_nothing_is_proven(number: int) -> None:
    seen = [replace(o, signed_in=False) if isinstance(o, PageView) else o for o in record()]
    assert_unknown(judge(f"WEB-06.E{number}", seen))


def test_an_own_page_that_is_refused_fails_and_one_that_sent_nothing_proves_nothing() -> None:
    assert_failed(judge("WEB-06.E4", instead(attempt("own", REFUSED, case=OWN))), "answered 403")
    assert_unknown(judge("WEB-06.E4", instead(attempt("own", case=OWN))))


def asked(case: str, role: str, **headers: str) -> HttpExchange:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return exchange(case, 200, headers=named, role=role, origin=EVIL)


CLOSED = [
    asked("authorization endpoint", "authorize"),
    asked("API", "api", Access_Control_Allow_Origin="*"),
    asked("web client", "web", Access_Control_Allow_Origin="https://app.example"),
]


def test_answers_that_no_other_origin_may_read_pass() -> None:
    assert_passed(judge("WEB-06.E3", CLOSED))


@pytest.mark.parametrize(
    ("case", "role", "origin", "credentials"),
    [
        ("authorization endpoint", "authorize", "*", "false"),
        ("web client", "web", EVIL, "false"),
        ("web client", "web", "*", "true"),
        ("API", "api", EVIL, "true"),
    ],
)
def test_an_answer_that_another_origin_may_read_fails(case: str, role: str, origin: str, credentials: str) -> None:
    told = asked(case, role, Access_Control_Allow_Origin=origin, Access_Control_Allow_Credentials=credentials)
    assert_failed(judge("WEB-06.E3", [*CLOSED, told]), case)


def test_where_the_authorization_endpoint_was_not_asked_or_did_not_answer_nothing_is_proven() -> None:
    assert_unknown(judge("WEB-06.E3", CLOSED[1:]))
    silent = replace(CLOSED[0], status=None, error="Timeout")
    assert_unknown(judge("WEB-06.E3", [silent]))
