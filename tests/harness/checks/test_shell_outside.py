"""A desktop shell's way to what is not its own: other pages, the system's browser, hostile starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.shell_outside import ASTRAY, BY_MESSAGE, REQUIRED, SIGN_IN, TO_LOGIN, WAYS
from harness.observations import Observation
from harness.observations.bridge import BridgeCall, BridgeCalls, Openings, ShellProcess
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

Seen = list[Observation]
START, ASTRAY_E, OPEN = "BRIDGE-06.E1", "BRIDGE-06.E2", "BRIDGE-06.E3"
BROWSER, TYPED, INSIDE = "BRIDGE-07.E1", "BRIDGE-07.E2", "BRIDGE-07.E3"
ALL = (START, ASTRAY_E, OPEN, BROWSER, TYPED, INSIDE)
ISSUER, HELP = "https://auth.localhost:444", "https://help.localhost"


def openings(case: str, *opened: str, **changes: Any) -> Openings:
    told: dict[str, Any] = {
        "asked": ("https://evil.test/",),
        "windows": ("app://shell/index.html",),
        "issuer": ISSUER,
        "help": (HELP,),
        **changes,
    }
    return Openings(case=case, opened=opened, **told)


def start(**changes: Any) -> ShellProcess:
    told: dict[str, Any] = {
        "started": True,
        "settings": {"main": dict(REQUIRED["settings"])},
        "renderers": ("confined",),
        "tried": ("PYTHONINSPECT",),
        **changes,
    }
    return ShellProcess(case="a hostile start", **told)


def seen_all() -> Seen:
    calls = (BridgeCall("help", "help:open", "value"), BridgeCall("file", "help:open", "Refused"))
    return [
        start(),
        *(openings(case) for case in ASTRAY),
        BridgeCalls(case=BY_MESSAGE, codes=("Refused",), calls=calls),
        openings(BY_MESSAGE, f"{HELP}/x", refusals=("external-refused",)),
        *(openings(way) for way in WAYS[1:]),
        openings(SIGN_IN, f"{ISSUER}/authorize?x"),
        openings(TO_LOGIN),
    ]


def with_start(**changes: Any) -> Seen:
    return [start(**changes) if isinstance(one, ShellProcess) else one for one in seen_all()]


def changed(case: str, **changes: Any) -> Seen:
    return [replace(one, **changes) if one.case == case and isinstance(one, Openings) else one for one in seen_all()]


def outcomes(*given: str) -> Seen:
    calls = tuple(BridgeCall(f"address {at}", "help:open", outcome) for at, outcome in enumerate(given))
    return [replace(one, calls=calls) if isinstance(one, BridgeCalls) else one for one in seen_all()]


@pytest.mark.parametrize("expectation", ALL)
def test_a_shell_that_goes_nowhere_else_passes(expectation: str) -> None:
    assert_passed(judge(expectation, seen_all()))


@pytest.mark.parametrize("expectation", ALL)
def test_nothing_observed_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, []))


@pytest.mark.parametrize(
    ("expectation", "changes", "words"),
    [
        (START, {"renderers": ("confined", "not confined")}, "a renderer is not confined"),
        (
            START,
            {"settings": {"main": {**REQUIRED, "JavascriptCanOpenWindows": "on"}}},
            "JavascriptCanOpenWindows is on",
        ),
        (START, {"settings": {"main": {}}}, "not told"),
        (START, {"flags": ("--no-sandbox",)}, "started with --no-sandbox"),
        (OPEN, {"listening": ("127.0.0.1:9222",)}, "it listens at 127.0.0.1:9222"),
        (OPEN, {"flags": ("--remote-debugging-port=1",)}, "--remote-debugging-port"),
        (OPEN, {"ran": True}, "it ran foreign code"),
    ],
)
def test_a_start_that_is_opened_up_fails(expectation: str, changes: dict[str, Any], words: str) -> None:
    assert_failed(judge(expectation, with_start(**changes)), words)


def test_of_a_renderer_that_has_ended_meanwhile_nothing_is_known() -> None:
    assert_unknown(judge(START, with_start(renderers=("confined", "gone"))))
    assert_unknown(judge(START, with_start(renderers=("gone",))))
    assert_failed(judge(START, with_start(renderers=("gone", "not confined"))), "a renderer is not confined")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"reads across origins": "on"}, "reads across origins is on"),
        ({"node in the page's world": "on"}, "node in the page's world is on"),
        ({"preload in the page's world": "on"}, "preload in the page's world is on"),
    ],
)
def test_a_shell_that_is_looked_at_from_outside_is_judged_by_what_its_pages_do(
    told: dict[str, str], words: str
) -> None:
    behaviour = {"looked_at": "behaviour", "settings": {"main": dict(REQUIRED["behaviour"])}}
    assert_passed(judge(START, with_start(**behaviour)))
    opened = {"main": {**REQUIRED["behaviour"], **told}}
    assert_failed(judge(START, with_start(**{**behaviour, "settings": opened})), words)


def test_what_nobody_tried_to_open_up_is_unknown() -> None:
    assert_unknown(judge(OPEN, with_start(tried=())))


@pytest.mark.parametrize("case", ASTRAY)
def test_a_window_may_show_what_its_description_names(case: str) -> None:
    shown = {"windows": ("file:///opt/app/index.html", "https://help.example.com/x")}
    assert_failed(judge(ASTRAY_E, changed(case, **shown)), "a window shows")
    own = ("file:///opt/app/*", "https://help.example.com/*")
    assert_passed(judge(ASTRAY_E, changed(case, **shown, own=own)))


@pytest.mark.parametrize("changes", [{"started": False}, {"settings": {}}, {"renderers": ()}])
def test_a_start_of_which_nothing_is_seen_is_unknown(changes: dict[str, Any]) -> None:
    assert_unknown(judge(START, with_start(**changes)))


@pytest.mark.parametrize("case", ASTRAY)
def test_a_window_elsewhere_fails(case: str) -> None:
    gone = ("https://evil.test/?secret",)
    assert_failed(judge(ASTRAY_E, changed(case, windows=gone)), f"{case}: a window shows https://evil.test")
    assert_failed(judge(ASTRAY_E, changed(case, came=1)), "1 requests came elsewhere")
    assert_unknown(judge(ASTRAY_E, changed(case, windows=())))


@pytest.mark.parametrize("case", WAYS)
@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "http://help.localhost/", f"{HELP}.evil/", f"{HELP}@evil/", f"{HELP}:8443/", f"{ISSUER}5/"],
)
def test_a_browser_opened_elsewhere_fails(case: str, url: str) -> None:
    assert_failed(judge(BROWSER, changed(case, opened=(f"{HELP}/", url))), f"{case}: the browser was opened at")


@pytest.mark.parametrize("expectation", [BROWSER, TYPED, INSIDE])
def test_a_browser_that_is_never_opened_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, changed(BY_MESSAGE, opened=())))
    assert_unknown(judge(expectation, changed(SIGN_IN, opened=())))


def test_refusals_that_are_untyped_unlogged_or_tell_too_much_fail() -> None:
    assert_failed(judge(TYPED, outcomes("Refused", "pending")), "address 1: pending")
    assert_failed(judge(TYPED, outcomes("Refused", "Refused")), "2 were refused, 1 are logged")
    telling = ("external-refused ?witness-of-a-payload",)
    assert_failed(judge(TYPED, changed(BY_MESSAGE, refusals=telling)), "a log holds what follows the origin")
    assert_unknown(judge(TYPED, outcomes("value")))


@pytest.mark.parametrize("case", [SIGN_IN, TO_LOGIN])
def test_a_login_inside_a_window_fails(case: str) -> None:
    assert_failed(judge(INSIDE, changed(case, windows=(f"{ISSUER}/login",))), f"a window shows {ISSUER}")
