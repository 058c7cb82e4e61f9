"""What becomes of a fault: killed, misdirected, survived, crashed or not run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import pytest

from harness.errors import NotHere, RunInterrupted, TargetError
from harness.faults.kill import Kill, KillMatrix, kill_matrix, verdict_of
from harness.faults.registry import Fault
from harness.model import Basis, Finding, Verdict

F = Fault("F-A-01-a", "A-01.E1", "code store", lambda real: real, ("prod",), "a defect", "file.py")
G = Fault("F-A-02-a", "A-02.E1", "code store", lambda real: real, ("prod",), "another", "file.py")


def finding(expectation: str, verdict: Verdict, reason: str = "so") -> Finding:
    return Finding(expectation, "reference/linux/prod/any/any", verdict, Basis.MACHINE, reason)


PASSED, FAILED, UNKNOWN, NOT_RUN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN, Verdict.NOT_RUN


@pytest.mark.parametrize(
    ("findings", "verdict", "failed", "reason"),
    [
        ([finding("A-01.E1", FAILED, "two codes")], "killed", ("A-01.E1",), "two codes"),
        (
            [finding("A-01.E1", PASSED), finding("A-01.E1", FAILED, "elsewhere"), finding("A-01.E2", FAILED)],
            "killed",
            ("A-01.E1", "A-01.E2"),
            "elsewhere",
        ),
        (
            [finding("A-01.E1", PASSED), finding("A-01.E2", FAILED)],
            "misdirected",
            ("A-01.E2",),
            "A-01.E1 did not fail, but others did",
        ),
        ([finding("A-01.E1", PASSED, "well")], "survived", (), "A-01.E1 did not fail (passed: well)"),
        ([finding("A-01.E1", UNKNOWN, "no answer")], "survived", (), "A-01.E1 did not fail (unknown: no answer)"),
        (
            [finding("A-01.E1", UNKNOWN, "the scenario crashed: KeyError: 'x'"), finding("A-01.E2", FAILED)],
            "crashed",
            ("A-01.E2",),
            "the scenario crashed: KeyError: 'x'",
        ),
        (
            [finding("A-01.E1", UNKNOWN, "the check crashed: KeyError: 'x'"), finding("A-01.E1", FAILED, "elsewhere")],
            "killed",
            ("A-01.E1",),
            "elsewhere",
        ),
        ([finding("A-01.E1", NOT_RUN, "no browser")], "not_run", (), "no browser"),
        (
            [finding("A-01.E1", NOT_RUN, "no browser"), finding("A-01.E1", PASSED, "well")],
            "survived",
            (),
            "A-01.E1 did not fail (not_run: no browser; passed: well)",
        ),
        ([], "survived", (), "A-01.E1 did not fail (it was not judged)"),
    ],
)
def test_a_fault_is_killed_only_by_the_failure_of_the_expectation_it_names(
    findings: list[Finding], verdict: str, failed: tuple[str, ...], reason: str
) -> None:
    assert verdict_of(F, findings) == (verdict, failed, reason)


Answer = Callable[[Fault | None, tuple[str, ...]], Iterable[Finding]]


def matrix(*judges: Answer, clean: tuple[str, ...] = ()) -> tuple[KillMatrix, list[Kill]]:
    heard: list[Kill] = []
    return kill_matrix({F.id: F, G.id: G}, judges, heard.append, clean), heard


def on(fault: Fault | None, verdict: Verdict, reason: str = "so") -> list[Finding]:
    """One finding on the expectation that the fault names."""
    assert fault is not None
    return [finding(fault.expectation, verdict, reason)]


def test_a_fault_can_be_tried_on_its_own_expectation_alone() -> None:
    asked: list[tuple[str, ...]] = []

    def judge(fault: Fault | None, against: tuple[str, ...]) -> Iterable[Finding]:
        asked.append(against)
        return on(fault, FAILED)

    kill_matrix({F.id: F, G.id: G}, [judge], lambda _: None, (), lambda fault: (fault.expectation,))
    assert asked == [(F.expectation,), (G.expectation,)]


def test_every_fault_is_tried_on_its_controls_and_told_as_it_ends() -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []

    def judge(fault: Fault | None, controls: tuple[str, ...]) -> Iterable[Finding]:
        asked.append((fault.id if fault else "clean", controls))
        return on(fault, FAILED) if fault else [finding("A-01.E1", PASSED)]

    made, heard = matrix(judge, clean=("A-01",))
    assert asked == [("clean", ("A-01",)), (F.id, F.controls), (G.id, G.controls)]
    assert [(kill.id, kill.verdict) for kill in heard] == [(F.id, "killed"), (G.id, "killed")]
    assert made.holds
    assert made.false_alarms == ()


def test_a_failure_on_the_clean_target_is_a_false_alarm_and_the_matrix_does_not_hold() -> None:
    made, _ = matrix(lambda fault, controls: [finding("A-01.E1", FAILED), finding("A-02.E1", FAILED)], clean=("A-0*",))
    assert made.false_alarms == ("A-01.E1", "A-02.E1")
    assert {kill.verdict for kill in made.faults} == {"killed"}
    assert not made.holds


@pytest.mark.parametrize(("verdict", "holds"), [(UNKNOWN, False), (PASSED, False), (NOT_RUN, True), (FAILED, True)])
def test_unknown_never_kills_and_what_cannot_be_tried_here_is_no_survivor(verdict: Verdict, holds: bool) -> None:
    made, _ = matrix(lambda fault, controls: on(fault, verdict))
    assert made.holds is holds


def test_a_fault_that_needs_what_is_not_here_is_not_run_and_the_others_are_tried() -> None:
    def judge(fault: Fault | None, controls: tuple[str, ...]) -> Iterable[Finding]:
        if fault is F:
            raise NotHere("no browser", "apt-get install chromium")
        return on(fault, FAILED)

    made, _ = matrix(judge)
    assert [(kill.verdict, kill.reason) for kill in made.faults] == [
        ("not_run", "no browser; to mend it: apt-get install chromium"),
        ("killed", "so"),
    ]


def test_a_fault_that_breaks_the_target_has_crashed_and_the_others_are_tried() -> None:
    def judge(fault: Fault | None, controls: tuple[str, ...]) -> Iterable[Finding]:
        if fault is F:
            raise TargetError("the stage dev did not start")
        return on(fault, FAILED)

    made, _ = matrix(judge)
    assert [(kill.verdict, kill.reason) for kill in made.faults] == [
        ("crashed", "nothing could be judged: the stage dev did not start"),
        ("killed", "so"),
    ]
    assert not made.holds


def test_faults_are_tried_at_once_each_judge_with_one_at_a_time() -> None:
    both, busy = threading.Barrier(2), threading.local()

    def judge(fault: Fault | None, controls: tuple[str, ...]) -> Iterable[Finding]:
        assert not getattr(busy, "now", False)
        busy.now = True
        both.wait(10)  # passes only where the other fault is being tried as well
        busy.now = False
        return on(fault, FAILED)

    made, heard = matrix(judge, lambda fault, controls: judge(fault, controls))
    assert [kill.id for kill in made.faults] == [F.id, G.id]
    assert {kill.id for kill in heard} == {F.id, G.id}


def test_an_interruption_ends_the_whole() -> None:
    def judge(fault: Fault | None, controls: tuple[str, ...]) -> Iterable[Finding]:
        raise RunInterrupted("Ctrl-C")

    with pytest.raises(RunInterrupted):
        matrix(judge)


def test_the_matrix_as_json_has_the_fields_that_ci_relies_on() -> None:
    made, _ = matrix(lambda fault, controls: on(fault, FAILED))
    data = made.to_json()
    assert set(data) == {"faults", "false_alarms", "seconds"}
    assert {"id", "expectation", "failed", "verdict", "reason"} <= set(data["faults"][0])
    assert data["faults"][0]["verdict"] == "killed"
