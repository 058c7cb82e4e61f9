"""Where a desktop shell sends its credentials."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.shell_credentials import NAMED, REDIRECTED, SENT
from harness.observations import Observation
from harness.observations.bridge import BridgeCall, BridgeCalls, Destinations, ShellState
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

Seen = list[Observation]
NONE, HOSTS, REFUSED = "BRIDGE-09.E1", "BRIDGE-09.E2", "BRIDGE-09.E3"


def went(case: str, **changes: Any) -> Destinations:
    told: dict[str, Any] = {"came": (), "credentials": 0, "noticed": True, "arrived": {"api": 2}, **changes}
    return Destinations(case=case, configured=("api", "auth"), **told)


def seen_all(outcome: str = "Malformed", *refusals: str) -> Seen:
    calls = (BridgeCall("issuer", "notes:list", outcome),)
    return [
        BridgeCalls(case=SENT, codes=("Malformed",), calls=calls),
        ShellState(case=NAMED, alive=True, signed_in=True, refusals=refusals),
        *(went(case) for case in (NAMED, *REDIRECTED)),
    ]


def changed(case: str, **changes: Any) -> Seen:
    return [replace(o, **changes) if isinstance(o, Destinations) and o.case == case else o for o in seen_all()]


@pytest.mark.parametrize("expectation", [NONE, HOSTS, REFUSED])
def test_a_shell_that_is_not_led_astray_passes(expectation: str) -> None:
    assert_passed(judge(expectation, seen_all()))
    assert_unknown(judge(expectation, []))


@pytest.mark.parametrize("case", [NAMED, *REDIRECTED])
def test_a_credential_for_the_attacker_fails(case: str) -> None:
    assert_failed(judge(NONE, changed(case, came=("GET /me",), credentials=1)), "1 requests brought a credential")
    assert_failed(judge(HOSTS, changed(case, came=("GET /me",))), "1 requests came to the attacker")
    assert_failed(judge(HOSTS, changed(case, arrived={"api.other": 1})), "a credential went to api.other")


def test_a_request_without_a_credential_counts_where_the_renderer_named_the_address() -> None:
    assert_failed(judge(NONE, changed(NAMED, came=("GET /",))), "came to the attacker")
    assert_passed(judge(NONE, changed(REDIRECTED[0], came=("GET /",))))


@pytest.mark.parametrize("expectation", [NONE, HOSTS])
@pytest.mark.parametrize("changes", [{"noticed": False}, {"arrived": {}}])
def test_a_listener_that_hears_nobody_or_a_shell_that_sends_nothing_is_unknown(
    expectation: str, changes: dict[str, Any]
) -> None:
    assert_unknown(judge(expectation, changed(NAMED, **changes)))


def test_an_address_that_is_taken_in_silence_fails() -> None:
    assert_failed(judge(REFUSED, seen_all("value")), "issuer on notes:list: value")
    assert_passed(judge(REFUSED, seen_all("value", '{"record": "field-ignored", "channel": "notes:list"}')))
    assert_unknown(judge(REFUSED, seen_all("absent")))
