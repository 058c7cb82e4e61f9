"""What the desktop says of errors and of sessions: names and keyed hashes, never a secret."""

from __future__ import annotations

import json
import subprocess
import sys

from reference_impl.desktop.session_reference import LENGTH, SessionReference
from tests.reference_impl.desktop.conftest import ROOT, StartDesktop
from tests.reference_impl.desktop.test_desktop import Issuer, sign_in

CRASHING = """
import sys, threading
from reference_impl.desktop.logs import log_from, log_to_stderr
log_to_stderr()
log_from("debug")
thread = threading.Thread(target=lambda: int("the-secret"))
thread.start()
thread.join()
class Unraisable:
    def __del__(self):
        raise ValueError("the-secret")
Unraisable()
raise KeyError("the-secret")
"""


def test_what_nobody_caught_is_named_and_its_message_kept_back() -> None:
    command = [sys.executable, "-c", CRASHING]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    records = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.returncode == 1
    assert [(record["exception"], record["in"]) for record in records] == [
        ("ValueError", "a thread"),
        ("ValueError", "a finalizer"),
        ("KeyError", "the main thread"),
    ]
    assert "the-secret" not in ended.stderr


def test_sessions_are_told_by_one_reference_from_the_level_info_on(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start("Sound", AUTH_LOG_LEVEL="info")
    sign_in(desktop, issuer[0])
    desktop.do("refresh")
    token = str(issuer[0].newest)
    desktop.do("logout")
    _, log = desktop.close()
    records = [json.loads(line) for line in log.splitlines()]
    assert [record["record"] for record in records] == ["signed-in", "refreshed", "signed-out"]
    assert len({record["session"] for record in records}) == 1
    assert token not in log


def test_a_lifetime_that_cannot_be_calculated_with_is_no_usable_answer(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start("Sound")
    sign_in(desktop, issuer[0])
    answer = {"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": 10**400}
    issuer[0].override["/token"] = (200, answer)
    try:
        assert desktop.do("refresh")["error"] == "IssuerUnavailable"
    finally:
        issuer[0].override.clear()
    assert desktop.do("refresh")["ok"]
    desktop.close()


def test_a_session_has_one_reference_until_it_ends_and_another_at_each_installation() -> None:
    one, other = SessionReference(), SessionReference()
    first = one.of("first token")
    assert len(first) == LENGTH
    assert one.of("second token") == one.of(None) == first
    assert other.of("first token") != first
    one.forget()
    assert one.of("second token") != first


def test_nobody_signed_in_has_no_reference() -> None:
    assert SessionReference().of(None) == ""
