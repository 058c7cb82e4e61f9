"""The checks of SYNC-01, each on a record that passes and on ones that fail, or prove nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.sync_contract import BARE, WITH_TOKEN
from harness.observations import HttpExchange, Observation, StoredData
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

WAYS = ("1: GET /me", "2: POST /sync/push")
BARE_CHALLENGE = (("WWW-Authenticate", "Bearer"), ("WWW-Authenticate", 'DPoP algs="ES256"'))
CHALLENGE = (("www-authenticate", 'Bearer error="invalid_token", error_description="it has expired"'),)


def answered(case: str, way: str) -> HttpExchange:
    if case == "valid":
        return exchange(case, 200, {"sub": "a"}, way=way)
    headers = CHALLENGE if case in WITH_TOKEN else BARE_CHALLENGE
    return exchange(case, 401, {"error": "invalid_token"}, headers=headers, way=way)


def stored(case: str, digest: str = "1", **rows: int) -> StoredData:
    return StoredData(case=case, rows={"notes": 3, "outbox": 5, **rows}, digest=digest)


def record() -> list[Observation]:
    answers = [answered(case, way) for case in (*BARE, *WITH_TOKEN, "valid") for way in WAYS]
    return [*answers, stored("before"), stored("after"), stored("afterwards", "2", notes=4)]


def with_change(case: str, way: str = WAYS[1], **changes: Any) -> list[Observation]:
    def changed(one: Observation) -> Observation:
        meant = isinstance(one, HttpExchange) and (one.case, one.about["way"]) == (case, way)
        return replace(one, **changes) if meant else one

    return [changed(one) for one in record()]


@pytest.mark.parametrize("expectation", ["SYNC-01.E1", "SYNC-01.E2", "SYNC-01.E3"])
def test_the_contract_passes(expectation: str) -> None:
    assert_passed(judge(expectation, record()))


@pytest.mark.parametrize(
    ("case", "changes", "words"),
    [
        ("expired", {"status": 200}, "HTTP 200 instead of 401"),
        ("garbage", {"status": 400}, "HTTP 400 instead of 401"),
        ("revoked", {"status": 403}, "HTTP 403 instead of 401"),
        ("no header", {"headers": ()}, "without a challenge"),
        ("another scheme", {"headers": (("WWW-Authenticate", "Basic"),)}, "without a challenge"),
        ("of another audience", {"headers": BARE_CHALLENGE}, "does not say invalid_token"),
        ("garbage", {"body": "Traceback (most recent call last)"}, "inside of the server"),
        ("revoked", {"body": '{"error": "revoked"}'}, "tells what is wrong"),
    ],
)
def test_a_refusal_that_a_client_does_not_understand_fails(case: str, changes: dict[str, Any], words: str) -> None:
    assert_failed(judge("SYNC-01.E1", with_change(case, **changes)), words)


def test_a_route_that_was_not_asked_in_one_case_proves_nothing() -> None:
    seen = [o for o in record() if (o.case, o.about.get("way")) != ("expired", WAYS[0])]
    assert_unknown(judge("SYNC-01.E1", seen))


def test_a_route_that_did_not_answer_proves_nothing() -> None:
    assert_unknown(judge("SYNC-01.E1", with_change("expired", status=None)))


def test_a_row_or_a_change_for_what_was_refused_fails() -> None:
    def with_after(after: StoredData) -> list[Observation]:
        return [after if o.case == "after" else o for o in record()]

    assert_failed(judge("SYNC-01.E2", with_after(stored("after", outbox=6))), "outbox: 5 rows before, 6 after")
    assert_failed(judge("SYNC-01.E2", with_after(stored("after", "changed"))), "what is synced was changed")


def test_stored_data_that_never_change_prove_nothing() -> None:
    seen = [stored("afterwards") if o.case == "afterwards" else o for o in record()]
    assert_unknown(judge("SYNC-01.E2", seen))


@pytest.mark.parametrize("status", [401, 403, 503])
def test_a_valid_token_that_is_refused_fails(status: int) -> None:
    assert_failed(judge("SYNC-01.E3", with_change("valid", status=status)), f"HTTP {status} to the user's own token")


def test_a_valid_token_may_bring_what_the_route_takes_for_wrong() -> None:
    assert_passed(judge("SYNC-01.E3", with_change("valid", status=400)))
