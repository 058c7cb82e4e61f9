"""What the checks of the limits of web sessions conclude."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.checks import registry
from harness.checks.session_limits import (
    ACTIVE,
    AFTER_END,
    AFTER_IDLE,
    BEFORE_END,
    BEFORE_IDLE,
    FIRST,
    LATER,
    ONCE,
    PAGE,
    POLLING,
    STILL,
)
from harness.model import Judgement, Parameter
from harness.observations import DocumentedLifetime, HttpExchange, LifetimeTable, Observation
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange

LIMITS = {"session_idle": 3600.0, "session_absolute": 86_400.0}
TABLE = LifetimeTable(
    case="documented limits",
    stage="dev",
    source="x",
    limits={"web_idle": DocumentedLifetime(3600, "why"), "web_absolute": DocumentedLifetime(86_400, "why")},
)
STATUSES = {
    **{(FIRST, user): 200 for user in (STILL, POLLING, ACTIVE, ONCE)},
    **{(BEFORE_IDLE, user): 200 for user in (STILL, POLLING, ACTIVE, ONCE)},
    (AFTER_IDLE, STILL): 401,
    (AFTER_IDLE, POLLING): 401,
    (AFTER_IDLE, ACTIVE): 200,
    (AFTER_IDLE, ONCE): 200,
    (LATER, ONCE): 401,
    (BEFORE_END, ACTIVE): 200,
    (AFTER_END, ACTIVE): 401,
    (PAGE, ACTIVE): 303,
}


def record(case: str = "", user: str = "", status: int = 0, table: LifetimeTable = TABLE) -> list[Observation]:
    statuses = {**STATUSES, (case, user): status} if case else STATUSES
    return [table, *(exchange(c, s, user=u, after="1") for (c, u), s in statuses.items())]


def judged(number: int, seen: list[Observation]) -> Judgement:
    parameters = {name: Parameter(name, value, "s", "a test") for name, value in LIMITS.items()}
    numbered = [replace(one, id=f"s#{position}") for position, one in enumerate(seen, 1)]
    return registry.judge(f"WEB-08.E{number}", numbered, parameters)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_sessions_that_end_when_they_should_pass(number: int) -> None:
    assert_passed(judged(number, record()))


@pytest.mark.parametrize(
    ("number", "case", "user", "status"),
    [
        (1, AFTER_IDLE, STILL, 200),
        (1, AFTER_IDLE, POLLING, 200),
        (1, AFTER_IDLE, STILL, 500),
        (2, AFTER_END, ACTIVE, 200),
        (2, PAGE, ACTIVE, 200),
        (3, AFTER_IDLE, ACTIVE, 401),
        (3, AFTER_IDLE, ONCE, 401),
        (3, LATER, ONCE, 200),
        (4, BEFORE_IDLE, STILL, 401),
        (4, BEFORE_END, ACTIVE, 401),
    ],
)
def test_a_session_that_ends_too_late_or_too_soon_fails(number: int, case: str, user: str, status: int) -> None:
    assert_failed(judged(number, record(case, user, status)), case)


@pytest.mark.parametrize(
    ("limit", "told"),
    [(DocumentedLifetime(7200, "why"), "the policy allows 3600 s"), (DocumentedLifetime(3600), "justification")],
)
def test_a_documented_limit_that_is_too_long_or_unfounded_fails(limit: DocumentedLifetime, told: str) -> None:
    table = replace(TABLE, limits={**TABLE.limits, "web_idle": limit})
    assert_failed(judged(4, record(table=table)), told)


@pytest.mark.parametrize(("number", "case", "user"), [(1, FIRST, STILL), (1, FIRST, POLLING), (2, AFTER_IDLE, ACTIVE)])
def test_a_session_that_was_never_there_proves_nothing(number: int, case: str, user: str) -> None:
    assert_unknown(judged(number, record(case, user, 401)))


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_without_answers_nothing_is_proven(number: int) -> None:
    seen = [replace(o, status=None, error="Timeout") if isinstance(o, HttpExchange) else o for o in record()]
    assert_unknown(judged(number, seen))
