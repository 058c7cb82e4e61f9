"""Each check of logs, reports and errors: what passes, what fails, and what proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.checks.store_logs import INSTALLATIONS, KINDS, PROVOKED
from harness.observations import Hit, LogCapture, Observation, SecretScan, StoreState
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

MARK = "{{refresh_token:0123456789abcdef:43}}"


def state(case: str, signed_in: bool = True, error: str = "") -> StoreState:
    return StoreState(case=case, mode="secure", back_end="b", signed_in=signed_in, error=error)


def log(case: str, *sessions: str) -> LogCapture:
    return LogCapture(case=case, records=tuple({"record": "refreshed", "session": one} for one in sessions))


def errors(*told: tuple[str, str]) -> LogCapture:
    return LogCapture(case="errors", records=tuple({"where": where, "text": text} for where, text in told))


QUIET = SecretScan(case="logs", places=("stderr",), bytes=9, kinds=KINDS, hits=(), planted_found=True)
TOLD = (
    ("reply", '{"ok": false, "error": "IssuerUnavailable", "message": "the token endpoint answered 500"}'),
    ("page", "<p>This answer does not belong to a sign-in of the app, or the authorization failed.</p>"),
    ("crash report", '{"exception": "ArithmeticError", "where": "oauth_client.py:9"}'),
)
RECORD: list[Observation] = [
    state("refresh"),
    *(state(case, error="it failed") for case in PROVOKED),
    QUIET,
    log(INSTALLATIONS[0], "aaaa", "aaaa"),
    log(INSTALLATIONS[1], "bbbb"),
    errors(*TOLD),
]
SERVER: list[Observation] = [exchange("refresh", 200), exchange("refused refresh", 400), QUIET]


def instead(seen: Sequence[Observation], changed: Observation) -> list[Observation]:
    return [changed if (type(one), one.case) == (type(changed), changed.case) else one for one in seen]


def test_a_discreet_client_passes() -> None:
    for number in (1, 2, 3):
        assert_passed(judge(f"STORE-05.E{number}", RECORD))


def test_a_discreet_server_passes() -> None:
    assert_passed(judge("STORE-05.E1", SERVER))


@pytest.mark.parametrize("seen", [RECORD, SERVER])
def test_a_secret_in_a_log_fails(seen: list[Observation]) -> None:
    found = replace(QUIET, hits=(Hit("standard error", MARK, "[0:8]"),))
    assert_failed(judge("STORE-05.E1", instead(seen, found)), "standard error")


@pytest.mark.parametrize(
    "changed",
    [state("refresh", signed_in=False), *(state(case) for case in PROVOKED), replace(QUIET, kinds=("access_token",))],
)
def test_a_client_to_which_nothing_happened_proves_nothing(changed: Observation) -> None:
    assert_unknown(judge("STORE-05.E1", instead(RECORD, changed)))


@pytest.mark.parametrize("changed", [exchange("refresh", 500), exchange("refused refresh", None)])
def test_a_server_that_was_not_used_proves_nothing(changed: Observation) -> None:
    assert_unknown(judge("STORE-05.E1", instead(SERVER, changed)))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (log(INSTALLATIONS[1], "aaaa"), "by the same hash"),
        (log(INSTALLATIONS[0], MARK), "plain hash"),
        (log(INSTALLATIONS[1], "bbbb", "aaaa"), "by the same hash"),
    ],
)
def test_a_session_that_can_be_recognised_elsewhere_fails(changed: LogCapture, words: str) -> None:
    assert_failed(judge("STORE-05.E2", instead(RECORD, changed)), words)


def test_logs_that_tell_of_no_session_prove_nothing() -> None:
    assert_unknown(judge("STORE-05.E2", instead(RECORD, log(INSTALLATIONS[0]))))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("page", f"cannot use {MARK}"), "a secret is in a page"),
        (("reply", "Authorization: Basic x"), "repeats a request"),
        (("crash report", "POST grant_type=refresh_token"), "repeats a request"),
        (("page", "/cb?code=abc&state=x"), "repeats a request"),
    ],
)
def test_an_error_that_repeats_a_request_fails(more: tuple[str, str], words: str) -> None:
    assert_failed(judge("STORE-05.E3", instead(RECORD, errors(*TOLD, more))), words)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_errors_that_nobody_saw_prove_nothing(missing: int) -> None:
    left = [told for number, told in enumerate(TOLD) if number != missing]
    assert_unknown(judge("STORE-05.E3", instead(RECORD, errors(*left))))
