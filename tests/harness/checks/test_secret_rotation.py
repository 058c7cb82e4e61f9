"""What the checks of rotation conclude."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.model import Judgement, Parameter
from harness.observations import HttpExchange, Observation, RotationPlan, TokenFacts
from tests.harness.checks import records
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange

START = 1_800_000_000.0
CHANGE = START + 690


@pytest.fixture(autouse=True)
def cache_lifetime(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Parameter("jwks_cache", 600.0, "s", "a test")
    monkeypatch.setattr(records, "PARAMETERS", {**records.PARAMETERS, "jwks_cache": cache})


def plan(case: str, secret: str = "signing-key", at: float = START) -> RotationPlan:
    return RotationPlan(
        case=case, secret=secret, generation="new", at=at, used_from=CHANGE, ending={"old": CHANGE + 990}
    )


def load(case: str, after: float, status: int | None = 200) -> HttpExchange:
    return exchange(f"load: {case}", status, at=f"{START + after:.1f}")


def keys(after: float, *kids: str) -> HttpExchange:
    return exchange("published keys", 200, {"keys": [{"kid": kid} for kid in kids]}, at=f"{START + after:.1f}")


def token(kid: str, after: float, case: str = "load: token") -> TokenFacts:
    claims = {"iat": int(START + after)}
    return TokenFacts(case=case, token="t", token_kind="access_token", form="jwt", header={"kid": kid}, claims=claims)


CASES = ("code", "refresh", "answer that gets lost", "the lost answer again", "refresh after the lost answer")
ROTATIONS = [
    *(plan("planned rotation", secret) for secret in ("signing-key", "client-secret", "refresh-key", "subject-key")),
    plan("taken back"),
]
UNDER_LOAD: list[Observation] = [
    *ROTATIONS,
    *(load(case, 10) for case in CASES),
    load("API", 0),
    load("API", 1500),
    keys(0, "old"),
    keys(31, "old", "new"),
    token("old", 0),
    token("new", 692),
]
AFTER_THE_END: list[Observation] = [
    exchange("the new secret after that", 200),
    exchange("a token of the newest key after that", 200),
    exchange("the old secret after its end", 401, {"error": "invalid_client"}),
    exchange("a token of the old key after its end", 401),
]
WITHDRAWN: list[Observation] = [
    exchange("before the withdrawal", 200),
    token("old", 0, "before the withdrawal"),
    exchange("a new token after the withdrawal", 200),
    exchange("withdrawn: refresh token", 400, {"error": "invalid_grant"}),
    exchange("published keys after the withdrawal", 200, {"keys": [{"kid": "new"}]}),
    *(exchange("withdrawn: API", 401, token=how, elsewhere="1") for how in ("issued", "forged")),
    *(exchange("withdrawn: elsewhere", 401, token=how, route="GET /notes") for how in ("issued", "forged")),
]
PASSING = {
    "OPS-02.E1": UNDER_LOAD,
    "OPS-02.E2": UNDER_LOAD,
    "OPS-02.E3": AFTER_THE_END,
    "OPS-02.E4": WITHDRAWN,
}
judge: Callable[[str, Sequence[Observation]], Judgement] = records.judge


def changed(expectation: str, case: str, **fields: Any) -> list[Observation]:
    """The passing record, with the observations of one case changed."""
    return [replace(one, **fields) if one.case == case else one for one in PASSING[expectation]]


@pytest.mark.parametrize("expectation", PASSING)
def test_a_rotation_as_it_should_be_passes(expectation: str) -> None:
    assert_passed(judge(expectation, PASSING[expectation]))


@pytest.mark.parametrize("expectation", PASSING)
def test_nothing_observed_is_no_pass(expectation: str) -> None:
    assert_unknown(judge(expectation, []))
    assert_unknown(judge(expectation, [plan("planned rotation")]))


@pytest.mark.parametrize("case", ["load: API", "load: refresh", "load: code", "load: refresh after the lost answer"])
@pytest.mark.parametrize("status", [401, 400, 500, None])
def test_one_failed_request_of_the_load_fails(case: str, status: int | None) -> None:
    assert_failed(judge("OPS-02.E1", changed("OPS-02.E1", case, status=status, body="")), case[6:])


@pytest.mark.parametrize("lacking", range(len(ROTATIONS)))
def test_a_secret_that_was_not_rotated_is_no_pass(lacking: int) -> None:
    assert_unknown(judge("OPS-02.E1", records.without(UNDER_LOAD, lacking)))


def test_a_load_that_ended_before_the_change_is_no_pass() -> None:
    early = [one for one in UNDER_LOAD if one.about.get("at") != f"{START + 1500:.1f}"]
    assert_unknown(judge("OPS-02.E1", early))


def test_a_key_that_is_published_as_it_begins_to_sign_fails() -> None:
    late = [one for one in UNDER_LOAD if one.case != "published keys"]
    assert_failed(judge("OPS-02.E2", [*late, keys(0, "old"), keys(692, "old", "new")]), "published 0 s before")
    assert_failed(judge("OPS-02.E2", [*late, keys(0, "old"), keys(93, "old", "new")]), "published 599 s before")
    assert_failed(judge("OPS-02.E2", [*late, keys(0, "old")]), "is not published")


def test_a_new_key_that_never_signed_is_no_pass() -> None:
    assert_unknown(judge("OPS-02.E2", [one for one in UNDER_LOAD if one.case != "load: token"]))


@pytest.mark.parametrize(
    ("case", "status", "body"),
    [
        ("the old secret after its end", 200, "{}"),
        ("the old secret after its end", 400, '{"error": "invalid_grant"}'),
        ("a token of the old key after its end", 200, ""),
        ("a token of the old key after its end", 500, ""),
    ],
)
def test_what_is_good_after_its_end_fails(case: str, status: int, body: str) -> None:
    assert_failed(judge("OPS-02.E3", changed("OPS-02.E3", case, status=status, body=body)), "not 401")


@pytest.mark.parametrize("control", ["the new secret after that", "a token of the newest key after that"])
def test_a_refusal_says_nothing_where_all_is_refused(control: str) -> None:
    assert_unknown(judge("OPS-02.E3", changed("OPS-02.E3", control, status=401)))


@pytest.mark.parametrize("case", ["withdrawn: API", "withdrawn: elsewhere"])
def test_a_route_that_takes_a_token_of_the_withdrawn_key_fails(case: str) -> None:
    assert_failed(judge("OPS-02.E4", changed("OPS-02.E4", case, status=200)), "withdrawn key")


def test_a_refresh_token_of_the_withdrawn_key_that_works_fails() -> None:
    assert_failed(judge("OPS-02.E4", changed("OPS-02.E4", "withdrawn: refresh token", status=200)), "refresh token")


def test_a_withdrawn_key_that_is_still_published_fails() -> None:
    body = '{"keys": [{"kid": "old"}, {"kid": "new"}]}'
    seen = changed("OPS-02.E4", "published keys after the withdrawal", body=body)
    assert_failed(judge("OPS-02.E4", seen), "still published")


@pytest.mark.parametrize("index", range(len(WITHDRAWN)))
def test_no_part_of_a_withdrawal_is_a_pass(index: int) -> None:
    assert_unknown(judge("OPS-02.E4", records.without(WITHDRAWN, index)))
