"""Which account a login leads to."""

from __future__ import annotations

import pytest

from harness.checks.account_resolution import AGAIN, CHANGED, FIRST, OTHERS, UNVERIFIED
from harness.observations import Observation
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge, redirect

E1, E2, E3 = (f"TOKEN-21.E{number}" for number in range(1, 4))
BACK = "https://app.dev.localhost/callback"
SOUND = {FIRST: "S1", AGAIN: "S1", CHANGED: "S1", **{case: case for case in (*UNVERIFIED, *OTHERS)}}


def logins() -> list[Observation]:
    return record({**SOUND})


def record(accounts: dict[str, str | None]) -> list[Observation]:
    seen: list[Observation] = []
    for case, account in accounts.items():
        answer = {"code": "c"} if account else {"error": "access_denied"}
        seen.append(redirect("login", BACK, answer, login=case))
        if account:
            seen.append(exchange("account", 200, {"sub": account}, login=case))
    return seen


@pytest.mark.parametrize("expectation", [E1, E2, E3])
def test_accounts_by_issuer_and_subject_pass(expectation: str) -> None:
    assert_passed(judge(expectation, logins()))


@pytest.mark.parametrize("case", [*UNVERIFIED, *OTHERS])
def test_another_identity_in_the_first_account_fails(case: str) -> None:
    assert_failed(judge(E1, record({**SOUND, case: "S1"})), case)


@pytest.mark.parametrize(("account", "words"), [("S9", "another account"), (None, "none: HTTP 302 access_denied")])
def test_a_changed_address_that_leads_elsewhere_fails(account: str | None, words: str) -> None:
    assert_failed(judge(E2, record({**SOUND, CHANGED: account})), words)


@pytest.mark.parametrize("case", UNVERIFIED)
def test_an_unverified_address_may_be_refused_and_must_not_log_in(case: str) -> None:
    assert_passed(judge(E3, record({**SOUND, case: None})))
    assert_failed(judge(E3, record({**SOUND, case: "S1"})), case)


@pytest.mark.parametrize("expectation", [E1, E2, E3])
def test_an_issuer_that_tells_every_login_apart_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, record({**SOUND, AGAIN: "S2"})))


@pytest.mark.parametrize("expectation", [E1, E2, E3])
def test_no_login_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, record({})))
    silent = [one for one in logins() if one.case == "login"]
    assert_unknown(judge(expectation, silent))
