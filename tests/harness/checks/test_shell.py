"""The bridge of a desktop shell: its surface, its messages, its senders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.shell import LARGE, NAVIGATED, RETURNED, STRANGERS
from harness.observations import Observation
from harness.observations.bridge import BridgeCall, BridgeCalls, ShellState, Surface
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

Seen = list[Observation]
CODES = ("Forbidden", "Malformed", "TooLarge", "BadReply", "NotAuthenticated")
ERROR = ("error", "id")
ALL = [f"BRIDGE-0{control}.E{number}" for control, count in ((1, 3), (2, 4), (4, 3)) for number in range(1, count + 1)]


def surface(**changes: Any) -> Surface:
    told: dict[str, Any] = {"declared": ("get/0",), "seen": ("get/0",), "frozen": True, "called": 1, **changes}
    return Surface(case="surface", about={"window": "main"}, **told)


@pytest.mark.parametrize("expectation", ALL[:3])
def test_the_documented_surface_passes(expectation: str) -> None:
    assert_passed(judge(expectation, [surface()]))


@pytest.mark.parametrize(
    ("expectation", "changes", "words"),
    [
        (ALL[0], {"seen": ("get/0", "invoke/2")}, "not documented: invoke/2"),
        (ALL[0], {"seen": ("other/0",)}, "documented functions are missing: get/0"),
        (ALL[0], {"further": ("ipc",)}, "further names in the page's world: ipc"),
        (ALL[0], {"reachable": ("qt",)}, "script reaches: qt"),
        (ALL[0], {"frozen": False}, "can be changed by script"),
        (ALL[1], {"channels": ("invoke",)}, "invoke takes the name of a channel"),
        (ALL[2], {"callbacks": ("[object MessageEvent]",)}, "a callback is given [object MessageEvent]"),
    ],
)
def test_a_larger_surface_fails(expectation: str, changes: dict[str, Any], words: str) -> None:
    assert_failed(judge(expectation, [surface(**changes)]), words)


def test_a_window_without_a_bridge_and_a_callback_never_called_are_unknown() -> None:
    assert_unknown(judge(ALL[0], [surface(seen=())]))
    assert_unknown(judge(ALL[2], [surface(called=0)]))


def test_what_nothing_documents_is_judged_by_what_no_page_may_reach() -> None:
    undocumented = {"documented": False, "declared": ()}
    assert_unknown(judge(ALL[0], [surface(**undocumented)]))
    assert_failed(judge(ALL[0], [surface(**undocumented, reachable=("require",))]), "script reaches: require")


def test_a_shell_that_documents_no_function_and_shows_none_passes() -> None:
    assert_passed(judge(ALL[0], [surface(declared=(), seen=())]))


def test_functions_that_nobody_called_are_not_said_to_take_no_channel() -> None:
    assert_unknown(judge(ALL[1], [surface(uncalled=("quit/0",))]))
    assert_failed(judge(ALL[1], [surface(uncalled=("quit/0",), channels=("invoke",))]), "invoke takes")


def calls(case: str, *outcomes: str, told: tuple[str, ...] = ERROR, seconds: float = 0.1) -> BridgeCalls:
    made = tuple(BridgeCall("wrong", f"channel:{at}", outcome, seconds, told) for at, outcome in enumerate(outcomes))
    return BridgeCalls(case=case, codes=CODES, calls=made)


def state(case: str, **changes: Any) -> ShellState:
    contracts = {"main": "d", "preload": "d"}
    told: dict[str, Any] = {
        "alive": True,
        "signed_in": False,
        "windows": ("app://x",),
        "contracts": contracts,
        **changes,
    }
    return ShellState(case=case, **told)


def messages() -> Seen:
    wrong, none = calls("wrong messages", "Malformed"), calls("no messages", "TooLarge", "Malformed")
    return [state("before"), wrong, none, state("after"), calls("malformed replies", "BadReply")]


def changed(seen: Seen, case: str, by: Observation) -> Seen:
    return [by if one.case == case else one for one in seen]


@pytest.mark.parametrize("expectation", ALL[3:7])
def test_typed_errors_and_no_change_pass(expectation: str) -> None:
    assert_passed(judge(expectation, messages()))


@pytest.mark.parametrize(
    ("expectation", "by", "words"),
    [
        (ALL[3], calls("wrong messages", "value"), "wrong on channel:0: value"),
        (ALL[3], calls("wrong messages", "pending"), "pending"),
        (
            ALL[3],
            calls("wrong messages", "Malformed", told=("error", "id", "stack")),
            "the error tells error, id, stack",
        ),
        (ALL[3], calls("no messages", "Malformed", seconds=1.2), "answered after 1.2 s"),
        (ALL[4], state("after", alive=False, signed_in=None), "does not follow any more"),
        (ALL[4], state("after", signed_in=True), "session or windows have changed"),
        (ALL[4], state("after", windows=()), "session or windows have changed"),
        (ALL[4], state("after", clean=False), "Object.prototype has changed"),
        (ALL[4], state("after", uncaught=1), "1 exceptions were not caught"),
        (ALL[5], calls("malformed replies", "value"), "value"),
        (ALL[6], state("after", contracts={"main": "d", "preload": "e"}), "different contracts"),
    ],
)
def test_messages_that_are_taken_or_change_something_fail(expectation: str, by: Observation, words: str) -> None:
    assert_failed(judge(expectation, changed(messages(), by.case, by)), words)


def test_what_is_large_may_be_on_its_way_for_some_seconds() -> None:
    large = BridgeCalls(case="no messages", codes=CODES, calls=(BridgeCall(LARGE, "", "TooLarge", 4.0, ERROR),))
    assert_passed(judge(ALL[3], changed(messages(), "no messages", large)))
    slow = replace(large, calls=(replace(large.calls[0], seconds=12.0),))
    assert_failed(judge(ALL[3], changed(messages(), "no messages", slow)), "answered after 12 s")


def test_what_could_not_be_sent_is_unknown() -> None:
    assert_unknown(judge(ALL[3], changed(messages(), "wrong messages", calls("wrong messages", "absent"))))
    assert_unknown(judge(ALL[5], changed(messages(), "malformed replies", calls("malformed replies"))))
    assert_unknown(judge(ALL[6], changed(messages(), "after", state("after", contracts={}))))


def frames() -> Seen:
    lines = tuple(f'{{"origin": "app://evil", "channel": "channel:{at}"}}' for at in range(2))
    return [
        calls("right messages of main", "value", "NotAuthenticated"),
        *(calls(f"right messages of {frame}", "Forbidden", "Forbidden") for frame in STRANGERS),
        state(f"after {NAVIGATED}", refusals=lines),
        calls(f"right messages of {RETURNED}", "value", "NotAuthenticated"),
    ]


@pytest.mark.parametrize("expectation", ALL[7:])
def test_refused_strangers_pass(expectation: str) -> None:
    assert_passed(judge(expectation, frames()))


@pytest.mark.parametrize("frame", STRANGERS)
def test_a_stranger_that_is_answered_fails(frame: str) -> None:
    case = f"right messages of {frame}"
    assert_failed(judge(ALL[7], changed(frames(), case, calls(case, "Forbidden", "value"))), f"{frame}: channel:1")
    told = calls(case, "Forbidden", told=("account", "error"))
    assert_failed(judge(ALL[7], changed(frames(), case, told)), frame)


def test_refusals_without_a_log_or_with_the_payload_fail() -> None:
    case = f"after {NAVIGATED}"
    assert_failed(judge(ALL[8], changed(frames(), case, state(case))), "is not logged")
    kept = next(one for one in frames() if isinstance(one, ShellState))
    telling = replace(kept, refusals=(*kept.refusals, "https://help/witness-of-a-payload"))
    assert_failed(judge(ALL[8], changed(frames(), case, telling)), "holds what was sent")


def test_a_page_that_is_not_heard_after_its_return_fails() -> None:
    case = f"right messages of {RETURNED}"
    back = calls(case, "Forbidden", "NotAuthenticated")
    assert_failed(judge(ALL[9], changed(frames(), case, back)), "Forbidden after the way back")


@pytest.mark.parametrize("expectation", ALL[7:])
def test_a_shell_that_hears_nobody_is_unknown(expectation: str) -> None:
    case = "right messages of main"
    assert_unknown(judge(expectation, changed(frames(), case, calls(case, "Forbidden", "Forbidden"))))


@pytest.mark.parametrize("expectation", ALL)
def test_nothing_observed_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, []))
