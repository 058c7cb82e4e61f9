"""What of a session stays in a desktop shell after its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.shell_logout import CASE, NEXT, SERVICES
from harness.observations import Observation
from harness.observations.bridge import AfterLogout, BridgeCall, ShellNotes, ShellState
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

Seen = list[Observation]
SENT, TOLD, HELD, SHOWN = ALL = [f"BRIDGE-10.E{number}" for number in range(1, 5)]
OUT = "NotAuthenticated"


def seen_all() -> Seen:
    left = AfterLogout(
        case=CASE,
        in_flight=OUT,
        before=dict.fromkeys(SERVICES, 1),
        late=(),
        bound=5.0,
        watched=8.0,
        calls=(BridgeCall("main: listNotes", "listNotes", OUT),),
        held=(),
        searched=100,
        planted_found=True,
    )
    shown = ShellNotes(case=NEXT, own=True, foreign=())
    return [ShellState(case="existing signed in", alive=True, signed_in=True), left, shown]


def changed(case: str, **changes: Any) -> Seen:
    return [replace(one, **changes) if one.case == case else one for one in seen_all()]


@pytest.mark.parametrize("expectation", ALL)
def test_a_logout_that_reaches_all_passes(expectation: str) -> None:
    assert_passed(judge(expectation, seen_all()))
    assert_unknown(judge(expectation, []))


@pytest.mark.parametrize(
    ("expectation", "case", "changes", "words"),
    [
        (SENT, CASE, {"late": ("/me at api", "/me at api")}, "more than 5 s later: /me at api"),
        (SENT, CASE, {"in_flight": "value"}, "was given to the page"),
        (TOLD, CASE, {"calls": (BridgeCall("palette: listNotes", "", "value"),)}, "palette: listNotes: value"),
        (HELD, CASE, {"held": ("{{access_token:0123456789abcdef:43}}",)}, "an object holds {{access_token"),
        (SHOWN, NEXT, {"foreign": ("palette",)}, "the window palette shows the other user's data"),
    ],
)
def test_what_outlives_a_session_fails(expectation: str, case: str, changes: dict[str, Any], words: str) -> None:
    assert_failed(judge(expectation, changed(case, **changes)), words)


@pytest.mark.parametrize(
    ("expectation", "case", "changes"),
    [
        *((expectation, CASE, {"before": {"/me": 1}}) for expectation in ALL),
        *((expectation, "existing signed in", {"signed_in": False}) for expectation in ALL),
        (SENT, CASE, {"watched": 4.0}),
        (TOLD, CASE, {"calls": ()}),
        (HELD, CASE, {"planted_found": False}),
        (SHOWN, NEXT, {"own": False}),
    ],
)
def test_what_was_not_seen_is_unknown(expectation: str, case: str, changes: dict[str, Any]) -> None:
    assert_unknown(judge(expectation, changed(case, **changes)))
