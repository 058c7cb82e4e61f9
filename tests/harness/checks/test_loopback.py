"""The loopback port at which a native client awaits the answer to a sign-in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.loopback import ENDS, GARBAGE, GENUINE, SECOND, SIGN_INS, WITH_TOKENS, WRONG
from harness.observations import CallbackDelivery, HttpExchange, Observation, Volley
from harness.observations.bridge import SocketTable
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

E1, E2, E3, E4, E5 = (f"BRIDGE-08.E{number}" for number in range(1, 6))
Seen = list[Observation]
WINDOW = "127.0.0.1:4000"


def lives() -> Seen:
    begun = [
        SocketTable(case=case, listening=(WINDOW, f"127.0.0.1:{port}"), awaited=f"127.0.0.1:{port}")
        for port, case in enumerate(SIGN_INS, 5000)
    ]
    ended = [
        SocketTable(case=case, listening=(WINDOW,), awaited=f"127.0.0.1:{port}", seconds=0.6)
        for port, case in enumerate(ENDS, 5000)
    ]
    return [SocketTable(case="before", listening=(WINDOW,)), *begun, *ended]


def changed(seen: Seen, case: str, **changes: Any) -> Seen:
    return [replace(one, **changes) if one.case == case and changes.keys() <= vars(one).keys() else one for one in seen]


def test_a_port_for_each_sign_in_and_no_longer_passes() -> None:
    assert_passed(judge(E1, lives()))


@pytest.mark.parametrize(
    ("case", "changes", "words"),
    [
        ("before", {"listening": ("0.0.0.0:4000",)}, "before: it listens on 0.0.0.0:4000"),
        ("before", {"listening": (WINDOW, "127.0.0.1:5000")}, "127.0.0.1:5000 was open before any sign-in"),
        (SIGN_INS[0], {"listening": ("::5000",)}, "it listens on ::5000"),
        (SIGN_INS[0], {"tried": ("192.0.2.1",), "reached": ("192.0.2.1",)}, "can be reached at 192.0.2.1"),
        (
            SIGN_INS[1],
            {"awaited": "127.0.0.1:5000", "listening": ("127.0.0.1:5000",)},
            "two sign-ins have the port 5000",
        ),
        (ENDS[2], {"listening": (WINDOW, "127.0.0.1:5002"), "seconds": 8.0}, "the port is open for 8 s"),
        (ENDS[3], {"seconds": 3.1}, "the port was closed after 3.1 s"),
    ],
)
def test_a_port_elsewhere_shared_or_kept_fails(case: str, changes: dict[str, Any], words: str) -> None:
    assert_failed(judge(E1, changed(lives(), case, **changes)), words)


def test_a_sign_in_without_a_listener_is_unknown() -> None:
    assert_unknown(judge(E1, changed(lives(), SIGN_INS[0], listening=(WINDOW,))))
    assert_unknown(judge(E1, lives()[:-1]))


def delivery(case: str, status: int | None = 400, requests: int = 0, account: str = "", **more: Any) -> Observation:
    uri = "http://127.0.0.1:5000/cb"
    sent = {"honest": requests}
    return CallbackDelivery(
        case=case,
        redirect_uri=uri,
        status=status,
        token_requests=sent,
        signed_in=bool(account),
        account=account,
        **more,
    )


def page(body: str = "<p>Signed in</p>", **more: Any) -> HttpExchange:
    told: dict[str, Any] = {"status": 200, "headers": (("Cache-Control", "no-store"),), "body": body, **more}
    return HttpExchange(case=GENUINE, method="GET", url="http://127.0.0.1/cb", about={"role": "callback"}, **told)


def answers() -> Seen:
    return [
        *(delivery(case) for case in (*WRONG, *WITH_TOKENS)),
        Volley(case=GARBAGE, statuses={"400": 500, "404": 450, "0": 50}, seconds=1.0),
        page(),
        delivery(GENUINE, 200, 1, "alice"),
        delivery(SECOND, 410, 0, "alice"),
    ]


@pytest.mark.parametrize("expectation", [E2, E3, E4, E5])
def test_a_listener_that_takes_the_genuine_answer_only_passes(expectation: str) -> None:
    assert_passed(judge(expectation, answers()))


@pytest.mark.parametrize(("expectation", "cases"), [(E2, WRONG), (E3, WITH_TOKENS)])
def test_each_wrong_answer_that_is_taken_fails(expectation: str, cases: tuple[str, ...]) -> None:
    for case in cases:
        assert_failed(judge(expectation, changed(answers(), case, status=200)), f"{case}: HTTP 200")
        requested = changed(answers(), case, token_requests={"honest": 1})
        assert_failed(judge(expectation, requested), f"{case}: a token request was made")
        signed_in = changed(answers(), case, signed_in=True, account="mallory")
        assert_failed(judge(expectation, signed_in), f"{case}: somebody is signed in")


def test_a_sign_in_that_others_ended_fails() -> None:
    assert_failed(judge(E2, changed(answers(), GENUINE, status=410, signed_in=False)), "HTTP 410, nobody signed in")
    gone = changed(answers(), GENUINE, status=None, signed_in=False, nobody_there=True)
    assert_failed(judge(E2, gone), "nobody signed in")


def test_garbage_that_is_welcome_or_breaks_it_fails_and_garbage_that_is_not_heard_is_unknown() -> None:
    assert_failed(judge(E2, changed(answers(), GARBAGE, statuses={"400": 999, "500": 1})), "garbage was answered")
    assert_unknown(judge(E2, changed(answers(), GARBAGE, statuses={"0": 999, "400": 1})))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"body": "<p>{{code:abc:43}}</p>"}, "the page holds {{code"),
        ({"body": '<a href="/cb?code=x">'}, "the page holds ?code="),
        ({"body": "<script src=/x.js>"}, "the page holds a script"),
        ({"body": "<body onload=go()>"}, "the page holds a script"),
        ({"body": '<meta http-equiv="refresh">'}, "the page holds a script"),
        ({"headers": ()}, "the page may be kept"),
        ({"headers": (("Cache-Control", "no-store"), ("Location", "/"))}, "the answer leads on"),
    ],
)
def test_a_page_with_a_credential_or_a_script_or_that_is_kept_fails(changes: dict[str, Any], words: str) -> None:
    assert_failed(judge(E4, changed([page()], GENUINE, **changes)), words)


def test_a_page_that_was_not_seen_whole_is_unknown() -> None:
    assert_unknown(judge(E4, [page(status=None)]))
    assert_unknown(judge(E4, [page(truncated=True)]))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": 200}, "answered HTTP 200"),
        ({"token_requests": {"honest": 1}}, "a token request was made"),
        ({"account": "mallory"}, "changed who is signed in"),
    ],
)
def test_a_second_answer_that_is_taken_fails(changes: dict[str, Any], words: str) -> None:
    assert_failed(judge(E5, changed(answers(), SECOND, **changes)), words)


def test_a_second_answer_that_nobody_is_there_for_passes() -> None:
    assert_passed(judge(E5, changed(answers(), SECOND, status=None, nobody_there=True)))
    assert_unknown(judge(E5, changed(answers(), SECOND, status=None)))


@pytest.mark.parametrize("expectation", [E1, E2, E3, E4, E5])
def test_nothing_observed_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, []))
