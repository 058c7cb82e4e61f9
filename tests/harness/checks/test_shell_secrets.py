"""Secrets in the renderers of a desktop shell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.shell_secrets import ALL, AS_THEY_STAND, CASES, COOPERATION, HANDED, LONG_LIVED
from harness.model import Verdict
from harness.observations import Absence, Hit, Observation, SecretScan
from harness.observations.bridge import HandedToken, ShellState
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

Seen = list[Observation]
REACHES, SOON, ERRORS = "BRIDGE-03.E1", "BRIDGE-03.E2", "BRIDGE-03.E3"
HIT = Hit("memory: main", "{{refresh_token:0123456789abcdef:43}}")


def scan(case: str, kinds: tuple[str, ...] = LONG_LIVED, **changes: Any) -> SecretScan:
    told: dict[str, Any] = {"places": ("memory: main",), "bytes": 9, "hits": (), "planted_found": True, **changes}
    return SecretScan(case=case, kinds=kinds, **told)


def seen_all() -> Seen:
    return [
        ShellState(case="existing signed in", alive=True, signed_in=True),
        *(scan(case) for case in CASES),
        *(HandedToken(case=case, outcome="value", told=899.0, left=899.5) for case in HANDED),
        HandedToken(case="no token for the page", outcome="Unavailable"),
        scan("errors", ALL, about={"errors": "2"}),
    ]


def changed(case: str, **changes: Any) -> Seen:
    return [replace(one, **changes) if one.case == case else one for one in seen_all()]


@pytest.mark.parametrize("expectation", [REACHES, SOON, ERRORS])
def test_a_renderer_that_gets_short_lived_tokens_only_passes(expectation: str) -> None:
    assert_passed(judge(expectation, seen_all()))
    assert_unknown(judge(expectation, []))


@pytest.mark.parametrize("case", CASES)
def test_a_refresh_token_in_a_renderer_fails(case: str) -> None:
    assert_failed(judge(REACHES, changed(case, hits=(HIT,))), f"{case}: {HIT.mark} in memory: main")
    assert_unknown(judge(REACHES, changed(case, planted_found=False)))
    assert_unknown(judge(REACHES, changed(case, kinds=("access_token",))))


def test_where_nobody_signed_in_nothing_is_judged() -> None:
    assert_unknown(judge(REACHES, changed("existing signed in", signed_in=False)))


@pytest.mark.parametrize("changes", [{"told": 7200.0}, {"left": 86_400.0}])
def test_a_token_that_lives_long_fails(changes: dict[str, float]) -> None:
    assert_failed(judge(SOON, changed(HANDED[0], **changes)), "it lives for another")
    assert_unknown(judge(SOON, changed(HANDED[1], outcome="NotAuthenticated", told=None)))


def test_an_error_with_a_token_fails() -> None:
    assert_failed(judge(ERRORS, changed("errors", hits=(HIT,))), "errors: ")
    assert_unknown(judge(ERRORS, changed("errors", about={"errors": "0"})))
    assert_unknown(judge(ERRORS, changed("no token for the page", outcome="value")))


def test_of_a_shell_of_others_what_its_windows_hold_fails_and_nothing_passes() -> None:
    absent = Absence(case="absence", capability=COOPERATION, reason="a sign-in is to be led through the browser")
    seen: Seen = [absent, *(scan(case, ("refresh_token",)) for case in AS_THEY_STAND)]
    judged = judge(REACHES, seen)
    assert judged.verdict is Verdict.NOT_RUN
    assert "no refresh_token was found in 18 bytes" in judged.reason
    for other in (SOON, ERRORS):
        assert judge(other, seen).verdict is Verdict.NOT_RUN
    for case in AS_THEY_STAND:
        held = [
            replace(one, hits=(HIT,), planted_found=False) if isinstance(one, SecretScan) and one.case == case else one
            for one in seen
        ]
        assert_failed(judge(REACHES, held), f"{case}: {HIT.mark} in memory: main")
