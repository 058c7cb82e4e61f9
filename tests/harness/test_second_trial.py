"""On a foreign target only what failed twice is failed, and what it lacks is told apart from what went wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.catalog import load_catalog
from harness.checks import registry
from harness.checks.registry import Check, Parameters, judge
from harness.model import Judgement, Verdict
from harness.observations import Absence, Confirmation, HttpExchange
from harness.observe import Record
from tests.harness.small_run import CELL, ForeignTarget, SmallRun, SmallTarget, small_run

pytestmark = pytest.mark.usefixtures("small_checks")

BOTH = "    Then SMALL-01.E1 holds: it is 200\n    And SMALL-01.E2 holds: it is 200 as well\n"


def run(folder: Path, *steps: str, target: type[SmallTarget] = ForeignTarget) -> SmallRun:
    written = "".join(f"    {step}\n" for step in steps)
    return small_run(folder, f"\n@SMALL-01\nScenario: One\n{written}{BOTH}", target=target)


def test_what_fails_twice_is_failed_by_the_observations_of_both_trials(tmp_path: Path) -> None:
    ran = run(tmp_path, "Given an answer of 500")
    assert ran.verdicts == {"SMALL-01.E1": "failed", "SMALL-01.E2": "failed"}
    assert ran.findings[0].observations == tuple(f"small/One@{CELL}#{n}" for n in (1, 2, 3))
    assert [event for event, _ in ran.events] == ["started", *["observation"] * 3, "finding", "finding", "failed"]


def test_what_fails_once_is_not_confirmed_and_unknown(tmp_path: Path) -> None:
    ran = run(tmp_path, "Given an answer of 500, and of 200 when asked again")
    assert set(ran.verdicts.values()) == {"unknown"}
    assert ran.reason("SMALL-01.E1").startswith("it failed in one of two trials and was not confirmed (it was 500")


def test_what_passes_is_tried_once(tmp_path: Path) -> None:
    ran = run(tmp_path, "Given an answer of 200, and of 500 when asked again")
    assert set(ran.verdicts.values()) == {"passed"}
    assert ran.findings[0].observations == (f"small/One@{CELL}#1",)


def test_a_second_trial_that_crashes_confirms_nothing(tmp_path: Path) -> None:
    ran = run(tmp_path, "When it crashes when asked again", "Given an answer of 500")
    assert set(ran.verdicts.values()) == {"unknown"}
    assert "was not confirmed" in ran.reason("SMALL-01.E1")


def test_failures_of_a_target_of_our_own_are_tried_once(tmp_path: Path) -> None:
    ran = run(tmp_path, "Given an answer of 500, and of 200 when asked again", target=SmallTarget)
    assert set(ran.verdicts.values()) == {"failed"}


def test_a_step_goes_on_after_what_the_target_lacks(tmp_path: Path) -> None:
    ran = run(tmp_path, "When a clock is used if there is one", "Given an answer of 200")
    assert set(ran.verdicts.values()) == {"passed"}


@pytest.mark.parametrize(("target", "verdict"), [(ForeignTarget, "not_applicable"), (SmallTarget, "not_run")])
def test_a_check_that_needs_what_is_absent_does_not_judge(
    tmp_path: Path, target: type[SmallTarget], verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def passes(seen: Record, parameters: Parameters) -> Judgement:
        return registry.passed("whatever was observed")

    with_needs = Check("SMALL-01.E1", "a test", passes, ("clock",))
    monkeypatch.setitem(registry._registered, "SMALL-01.E1", with_needs)
    ran = run(tmp_path, "When a clock is used if there is one", "Given an answer of 200", target=target)
    assert ran.verdicts == {"SMALL-01.E1": verdict, "SMALL-01.E2": "passed"}
    assert ran.reason("SMALL-01.E1").startswith("the target offers no clock: ")


def test_what_was_not_observed_is_never_excused_by_an_absence_that_the_check_does_not_name(tmp_path: Path) -> None:
    ran = run(tmp_path, "When a clock is used if there is one")
    assert set(ran.verdicts.values()) == {"not_run"}, "a declared absence must not make it not applicable"


def test_a_whole_scenario_that_needs_what_is_declared_absent_is_not_applicable(tmp_path: Path) -> None:
    ran = run(tmp_path, "When a port is used that the target does not offer")
    assert set(ran.verdicts.values()) == {"not_applicable"}


TRIAL = HttpExchange(id="s#1", case="answer", method="GET", url="https://x/", status=500)
AGAIN = HttpExchange(id="s#3", case="answer", method="GET", url="https://x/", status=500, trial=2)
BEGUN = Confirmation(id="s#2", case="second trial", client="http.client", trial=2)


def test_a_failure_whose_second_trial_observed_nothing_is_not_reported() -> None:
    assert judge("SMALL-01.E1", [TRIAL], load_catalog().parameters).verdict is Verdict.FAILED
    assert judge("SMALL-01.E1", [TRIAL, BEGUN], load_catalog().parameters).verdict is Verdict.UNKNOWN
    assert judge("SMALL-01.E1", [TRIAL, BEGUN, AGAIN], load_catalog().parameters).verdict is Verdict.FAILED


def test_an_absence_alone_is_no_observation_of_a_passing_target() -> None:
    seen = [Absence(id="s#1", case="absence", capability="clock", reason="none", declared=True)]
    assert judge("SMALL-01.E1", seen, load_catalog().parameters).verdict is Verdict.NOT_RUN
