"""What the checks of the policies of pages conclude."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.checks.page_policy import FRAMED, IN_WINDOW, INJECTED, INTO_WINDOWS, KINDS, parse
from harness.observations import HttpExchange, Observation, PageView, PolicyTrial
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

STRICT = (
    "default-src 'none'; script-src 'self'; connect-src 'self' https://api.example; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def page(kind: str, *policies: str) -> HttpExchange:
    headers = (("Content-Type", "text/html"), *(("Content-Security-Policy", policy) for policy in policies))
    return exchange("a page", 200, headers=headers, kind=kind, hosts="app.example, api.example")


def pages(*changed: HttpExchange) -> list[Observation]:
    return [*(page(kind, STRICT) for kind in KINDS), *changed]


def trials() -> list[Observation]:
    signed_in = PageView(case="login", url="", title="", text="", signed_in=True)
    known = {"happened": False, "possible": True, "reported": ("x",)}
    injected = [PolicyTrial(case="an injection", what=what, page="home", **known) for what in INJECTED]  # type: ignore[arg-type]
    framed = [PolicyTrial(case="a frame", what="a frame", page=name, **known) for name in FRAMED]  # type: ignore[arg-type]
    return [signed_in, *injected, *framed]


def changed(what: str, **other: object) -> list[Observation]:
    return [
        replace(o, **other) if isinstance(o, PolicyTrial) and what in (o.what, o.page) else o  # type: ignore[arg-type]
        for o in trials()
    ]


def test_pages_with_strict_policies_pass() -> None:
    assert_passed(judge("WEB-11.E1", pages()))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("script-src 'self'", "script-src 'self' 'unsafe-inline'", "script-src has 'unsafe-inline'"),
        ("script-src 'self'", "script-src 'self' 'unsafe-eval'", "script-src has 'unsafe-eval'"),
        ("script-src 'self'", "script-src *", "script-src has *"),
        ("script-src 'self'", "script-src https:", "script-src has https:"),
        ("default-src 'none'; script-src 'self'; ", "", "script-src is not there"),
        ("default-src 'none'", "default-src 'self'", "object-src is 'self'"),
        ("https://api.example", "https://api.other", "connect-src allows https://api.other"),
        ("base-uri 'none'; ", "", "base-uri is not there"),
        ("frame-ancestors 'none'", "frame-ancestors 'self'", "frame-ancestors is 'self'"),
    ],
)
def test_a_page_with_a_weak_policy_fails(old: str, new: str, told: str) -> None:
    assert old in STRICT
    assert_failed(judge("WEB-11.E1", pages(page("error", STRICT.replace(old, new)))), told)


def test_a_page_without_a_policy_fails_and_a_second_policy_may_forbid_what_the_first_does_not() -> None:
    assert_failed(judge("WEB-11.E1", pages(page("error"))), "no Content-Security-Policy")
    assert_passed(judge("WEB-11.E1", pages(page("error", "script-src *", STRICT))))


def test_inline_scripts_that_are_named_by_a_nonce_pass() -> None:
    named = STRICT.replace("script-src 'self'", "script-src 'nonce-abc' 'unsafe-inline'")
    assert_passed(judge("WEB-11.E1", pages(page("login", named))))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_page_that_was_not_seen_proves_nothing(kind: str) -> None:
    assert_unknown(judge("WEB-11.E1", [page(each, STRICT) for each in KINDS if each != kind]))


@pytest.mark.parametrize("number", [2, 3])
def test_pages_that_let_nothing_happen_pass(number: int) -> None:
    assert_passed(judge(f"WEB-11.E{number}", trials()))


@pytest.mark.parametrize(("number", "what"), [*((2, what) for what in INJECTED), *((3, name) for name in FRAMED)])
def test_what_happened_fails_and_what_could_not_happen_proves_nothing(number: int, what: str) -> None:
    assert_failed(judge(f"WEB-11.E{number}", changed(what, happened=True)), what)
    assert_unknown(judge(f"WEB-11.E{number}", changed(what, possible=False)))


def test_what_was_blocked_and_not_reported_fails() -> None:
    assert_failed(judge("WEB-11.E2", changed(INJECTED[0], reported=())), "nothing reported")


def test_of_two_directives_of_one_name_the_first_counts() -> None:
    assert parse("Script-Src 'self'; script-src *; ") == {"script-src": ["'self'"]}


def window(what: str = "", **other: object) -> list[Observation]:
    """The trials in a shell's window, one of them altered."""
    known = {"page": "the main window", "happened": False, "possible": True, "reported": ("script-src",)}
    trials = [PolicyTrial(case=IN_WINDOW, what=each, **known) for each in INTO_WINDOWS]  # type: ignore[arg-type]
    return [replace(trial, **other) if trial.what == what else trial for trial in trials]  # type: ignore[arg-type]


def test_a_window_that_lets_nothing_happen_passes() -> None:
    assert_passed(judge("WEB-11.E2", window()))
    assert_unknown(judge("WEB-11.E2", window()[1:]))


@pytest.mark.parametrize("what", INTO_WINDOWS)
def test_what_happened_in_a_window_fails_and_what_could_not_happen_proves_nothing(what: str) -> None:
    assert_failed(judge("WEB-11.E2", window(what, happened=True)), f"{what}: it ran, or was sent")
    assert_failed(judge("WEB-11.E2", window(what, reported=())), f"{what}: nothing reported that it was blocked")
    assert_unknown(judge("WEB-11.E2", window(what, possible=False, reported=())))
    assert_passed(judge("WEB-11.E2", window(what, possible=False)))  # kept back by more than the policy, which told
