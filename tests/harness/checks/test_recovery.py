"""What the checks of recovery conclude, and how a runbook is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.checks.recovery import MOMENTS
from harness.observations import (
    BusCapture,
    BusEvent,
    HttpExchange,
    Observation,
    OperationEntry,
    OperationsTrail,
    ProcessRun,
    RealtimeConnection,
    StoreState,
)
from harness.targets.reference_recovery import RUNBOOK, procedures
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

WAYS = ("api", "token", "cookie")
SESSIONS = [
    (stage, user, way)
    for stage in ("prod", "staging")
    for user, ways in (("existing", WAYS), ("second", WAYS[:2]))
    for way in ways
]


def over(moment: str, stage: str, user: str) -> bool:
    return stage == "prod" and (moment == MOMENTS[2] or (moment == MOMENTS[1] and user == "existing"))


def use(moment: str, stage: str, user: str, way: str, status: int | None = None) -> HttpExchange:
    answered = status or (401 if over(moment, stage, user) else 200)
    return exchange(moment, answered, session=f"{stage} {user} {way}", stage=stage, user=user, role=way)


def connection(moment: str, stage: str, user: str, **changes: Any) -> RealtimeConnection:
    ended = over(moment, stage, user)
    found = RealtimeConnection(
        case=moment,
        about={"connection": f"{stage} {user} web"},
        url="u",
        status=200,
        open=not ended,
        closed_after=2.0 if ended else None,
    )
    return replace(found, **changes)


def command(case: str, words: str, exit_code: int = 0, stderr: str = "") -> ProcessRun:
    argument = f"python -m reference_impl.operate {words}"
    return ProcessRun(case=case, argument=argument, ready=False, exit_code=exit_code, stderr=stderr)


ENDED: list[Observation] = [
    command(MOMENTS[1], "revoke-sessions"),
    command(MOMENTS[2], "revoke-sessions"),
    *(use(moment, *session) for moment in MOMENTS for session in SESSIONS),
    *(
        connection(m, stage, user)
        for m in MOMENTS[1:]
        for stage in ("prod", "staging")
        for user in ("existing", "second")
    ),
]
SECURE = StoreState(case="login after the repair", mode="secure", back_end="b", signed_in=True)
REPAIRED: list[Observation] = [
    StoreState(case="start without secure storage", mode="memory-only", back_end="memory"),
    command("check of the broken store", "check-store", 1, "… then restart the app."),
    command("check of the mended store", "check-store"),
    SECURE,
    replace(SECURE, case="restart after the repair"),
]


def capture(case: str, *ids: str, settled: bool = True) -> BusCapture:
    events = tuple(BusEvent(type="auth.login", source="s", properties={"event_id": id}, metadata={}) for id in ids)
    return BusCapture(case=case, stage="prod", events=events, settled=settled)


DELIVERED: list[Observation] = [capture("before: e1 e2", "e0"), capture("after the procedure", "e2", "e1", "e0")]
ENTRY = OperationEntry("olga", "check-store", 1.0, "done")
LOGGED: list[Observation] = [
    command("check of the mended store", "check-store"),
    OperationsTrail(case="operations", entries=(ENTRY,)),
]
PASSING: dict[str, Sequence[Observation]] = {
    "OPS-03.E1": ENDED,
    "OPS-03.E2": REPAIRED,
    "OPS-03.E3": DELIVERED,
    "OPS-03.E4": LOGGED,
}


@pytest.mark.parametrize("expectation", PASSING)
def test_a_recovery_that_works_passes(expectation: str) -> None:
    assert_passed(judge(expectation, PASSING[expectation]))


@pytest.mark.parametrize(("expectation", "index"), [(e, n) for e, seen in PASSING.items() for n in range(len(seen))])
def test_a_record_that_lacks_something_is_no_pass(expectation: str, index: int) -> None:
    seen = PASSING[expectation]
    if isinstance(seen[index], RealtimeConnection):
        return  # one of several: those of a moment are judged as they are
    assert_unknown(judge(expectation, [*seen[:index], *seen[index + 1 :]]))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (use(MOMENTS[1], "prod", "existing", "cookie", 200), "although its session was ended"),
        (use(MOMENTS[2], "prod", "second", "api", 200), "although its session was ended"),
        (use(MOMENTS[2], "prod", "second", "api", 500), "although its session was ended"),
        (use(MOMENTS[1], "prod", "second", "api", 401), "although its session goes on"),
        (use(MOMENTS[2], "staging", "existing", "token", 400), "although its session goes on"),
        (connection(MOMENTS[1], "prod", "existing", open=True, closed_after=None), "is open after 60 s"),
        (connection(MOMENTS[1], "prod", "existing", closed_after=61.0), "is open after 60 s"),
        (connection(MOMENTS[2], "staging", "second", open=False, closed_after=1.0), "was closed too"),
    ],
)
def test_a_session_that_fares_as_it_should_not_fails(wrong: Observation, words: str) -> None:
    assert_failed(judge("OPS-03.E1", [*ENDED, wrong]), words)


def test_sessions_that_were_dead_before_say_nothing() -> None:
    assert_unknown(judge("OPS-03.E1", [*ENDED, use("before", "prod", "existing", "api", 401)]))


@pytest.mark.parametrize(
    "changed",
    [
        replace(SECURE, mode="memory-only"),
        replace(SECURE, signed_in=False),
        replace(SECURE, case="restart after the repair", mode="memory-only"),
        command("check of the broken store", "check-store", 1, "something is wrong"),
        command("check of the broken store", "check-store", 0),
        command("check of the mended store", "check-store", 1),
    ],
)
def test_a_store_that_is_not_secure_again_fails(changed: Observation) -> None:
    kept = [one for one in REPAIRED if one.case != changed.case]
    assert_failed(judge("OPS-03.E2", [*kept, changed]), changed.case.partition(" of ")[0])


def test_storage_that_had_not_failed_says_nothing() -> None:
    assert_unknown(judge("OPS-03.E2", [replace(REPAIRED[0], mode="secure"), *REPAIRED[1:]]))  # type: ignore[call-arg]


@pytest.mark.parametrize("ids", [(), ("e1",), ("e1", "e2", "e2"), ("new", "newer")])
def test_events_that_do_not_come_once_under_their_ids_fail(ids: tuple[str, ...]) -> None:
    assert_failed(judge("OPS-03.E3", [DELIVERED[0], capture("after the procedure", *ids)]), "times")


@pytest.mark.parametrize(
    "seen",
    [
        [capture("before: "), capture("after the procedure", "e1")],
        [capture("before: e1", "e1"), capture("after the procedure", "e1")],
        [capture("before: e1"), capture("after the procedure", "e1", settled=False)],
    ],
)
def test_events_that_were_not_seen_to_be_lost_say_nothing(seen: list[Observation]) -> None:
    assert_unknown(judge("OPS-03.E3", seen))


@pytest.mark.parametrize("lacking", ["operator", "at", "outcome"])
def test_an_operation_without_operator_time_or_outcome_fails(lacking: str) -> None:
    entry = replace(ENTRY, **{lacking: 0.0 if lacking == "at" else ""})  # type: ignore[arg-type]
    trail = OperationsTrail(case="operations", entries=(entry,))
    assert_failed(judge("OPS-03.E4", [LOGGED[0], trail]), lacking)


def test_an_operation_that_is_not_in_the_log_fails() -> None:
    assert_failed(judge("OPS-03.E4", [LOGGED[0], OperationsTrail(case="operations")]), "0 of 1")


def test_the_commands_of_a_runbook_are_those_of_its_console_blocks() -> None:
    text = "# Title\n\n## One\n\n```console\n$ python -m a b\nits answer\n```\n\n`$ not this`\n\n## Two\n\nnothing\n"
    assert procedures(text) == {"One": ("python -m a b",), "Two": ()}


def test_every_procedure_of_the_runbook_has_commands() -> None:
    found = procedures(RUNBOOK.read_text(encoding="utf-8"))
    assert len(found) >= 5
    assert all(commands for commands in found.values())
