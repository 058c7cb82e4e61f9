"""However a scenario ends, every expectation of it has a verdict, and none that it did not earn."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.model import Finding
from harness.scene import Scene
from tests.harness.small_run import CELL, SmallRun, small_run
from tests.harness.small_steps import SECRET

pytestmark = pytest.mark.usefixtures("small_checks")

BOTH = """
    Then SMALL-01.E1 holds: it is 200
    And SMALL-01.E2 holds: it is 200 as well
"""


def run(folder: Path, *steps: str, then: str = BOTH, tags: str = "@SMALL-01", **more: Any) -> SmallRun:
    written = "".join(f"    {step}\n" for step in steps)
    return small_run(folder, f"\n{tags}\nScenario: One\n{written}{then}", **more)


def test_a_scenario_whose_expectations_hold_passes(tmp_path: Path) -> None:
    ran = run(tmp_path, "Given an answer of 200")
    assert (ran.code, ran.verdicts) == (0, {"SMALL-01.E1": "passed", "SMALL-01.E2": "passed"})
    assert ran.events == (
        ("started", f"small/One@{CELL}"),
        ("observation", f"small/One@{CELL}#1"),
        ("finding", "SMALL-01.E1"),
        ("finding", "SMALL-01.E2"),
        ("passed", f"small/One@{CELL}"),
    )


def test_a_finding_names_its_scenario_its_cell_its_check_and_what_it_rests_on(tmp_path: Path) -> None:
    (finding, _) = run(tmp_path, "Given an answer of 200").findings
    assert (finding.scenario, finding.cell) == (f"small/One@{CELL}", CELL)
    assert finding.observations == (f"small/One@{CELL}#1",)
    assert finding.check.split()[0] == "is_200"
    assert (finding.basis, finding.retried) == ("machine", False)


def test_one_failed_expectation_hides_no_other(tmp_path: Path) -> None:
    ran = run(tmp_path, "Given an answer of 500")
    assert (ran.code, ran.verdicts) == (1, {"SMALL-01.E1": "failed", "SMALL-01.E2": "failed"})
    assert list(ran.ends()) == ["failed"]


def test_a_secret_in_a_reason_is_redacted(tmp_path: Path) -> None:
    ran = run(tmp_path, "Given an answer of 500")
    assert ran.reason("SMALL-01.E1").startswith("it was 500, near {{password:")
    assert SECRET not in repr(ran)


def test_a_crash_makes_unknown_what_was_not_judged_before_it(tmp_path: Path) -> None:
    ran = run(
        tmp_path,
        "Given an answer of 200",
        then="""
    Then SMALL-01.E1 holds: it is 200
    When something crashes
    Then SMALL-01.E2 holds: it is 200
""",
    )
    assert (ran.code, ran.verdicts) == (1, {"SMALL-01.E1": "passed", "SMALL-01.E2": "unknown"})
    assert ran.reason("SMALL-01.E2").startswith("the scenario crashed: ZeroDivisionError: in the middle of {{password:")
    assert list(ran.ends()) == ["error"]


def test_a_step_that_nobody_defined_is_a_crash(tmp_path: Path) -> None:
    ran = run(tmp_path, "Given something that no step does")
    assert set(ran.verdicts.values()) == {"unknown"}
    assert "StepDefinitionNotFoundError" in ran.reason("SMALL-01.E1")


def test_a_program_that_wants_to_exit_is_a_crash_and_no_end_of_the_run(tmp_path: Path) -> None:
    ran = run(tmp_path, "Given an answer of 200", "When the program wants to exit")
    assert (ran.code, ran.verdicts) == (1, {"SMALL-01.E1": "unknown", "SMALL-01.E2": "unknown"})
    assert list(ran.ends()) == ["error"]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("When a printer is asked for", "there is no printer; to mend it: buy one"),
        ("When a port is used that the target does not offer", "no clock: small describes no test clock"),
    ],
)
def test_what_is_not_here_or_not_offered_is_not_run_with_the_reason(tmp_path: Path, step: str, reason: str) -> None:
    ran = run(tmp_path, "Given an answer of 200", step)
    assert ran.verdicts == {"SMALL-01.E1": "not_run", "SMALL-01.E2": "not_run"}
    assert ran.reason("SMALL-01.E1").endswith(reason)
    assert list(ran.ends()) == ["error"]


def test_a_failure_before_something_absent_stays_a_failure(tmp_path: Path) -> None:
    then = "\n    Then SMALL-01.E1 holds: so\n    When a printer is asked for\n    Then SMALL-01.E2 holds: so\n"
    ran = run(tmp_path, "Given an answer of 500", then=then)
    assert ran.verdicts == {"SMALL-01.E1": "failed", "SMALL-01.E2": "not_run"}
    assert (ran.code, list(ran.ends())) == (1, ["failed"])


def test_an_expectation_is_judged_by_what_was_seen_until_then(tmp_path: Path) -> None:
    then = "\n    Then SMALL-01.E1 holds: so\n    Given an answer of 500\n    Then SMALL-01.E2 holds: so\n"
    ran = run(tmp_path, "Given an answer of 200", then=then)
    assert ran.verdicts == {"SMALL-01.E1": "passed", "SMALL-01.E2": "failed"}
    assert [len(finding.observations) for finding in ran.findings] == [1, 2]


def test_a_check_that_crashes_leaves_the_next_one_to_judge(tmp_path: Path) -> None:
    then = "\n    Then SMALL-02.E1 holds: so\n    And SMALL-02.E2 holds: so\n"
    ran = run(tmp_path, "Given an answer of 200", then=then, tags="@SMALL-02")
    assert ran.verdicts == {"SMALL-02.E1": "unknown", "SMALL-02.E2": "passed"}
    assert ran.reason("SMALL-02.E1") == "the check crashed: KeyError: 'client'"
    assert (ran.code, list(ran.ends())) == (1, ["error"])


def test_nothing_observed_is_unknown(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert set(ran.verdicts.values()) == {"unknown"}
    assert ran.reason("SMALL-01.E1") == "nothing was observed"


def test_an_expectation_that_nobody_judged_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Scene.check

    def forget_the_second(scene: Scene, expectation: str) -> Finding | None:
        return real(scene, expectation) if expectation == "SMALL-01.E1" else None

    monkeypatch.setattr(Scene, "check", forget_the_second)
    ran = run(tmp_path, "Given an answer of 200")
    assert (ran.code, ran.verdicts) == (1, {"SMALL-01.E1": "passed", "SMALL-01.E2": "unknown"})
    assert ran.reason("SMALL-01.E2") == "the scenario ended without judging it"


def test_every_cell_is_run_and_judged_for_itself(tmp_path: Path) -> None:
    ran = run(tmp_path, "Given an answer of 200", tags="@SMALL-01 @stage:each")
    assert sorted({finding.cell for finding in ran.findings}) == [
        "small/linux/dev/any/any",
        "small/linux/prod/any/any",
    ]
    assert len(ran.findings) == 4


def test_each_example_of_an_outline_has_an_id_of_its_own(tmp_path: Path) -> None:
    ran = small_run(
        tmp_path,
        """
@SMALL-01
Scenario Outline: Patience
  When it waits <when>
  Then SMALL-01.E1 holds: so
  And SMALL-01.E2 holds: so

  Examples:
    | when  | how  |
    | long  | well |
    | short | ill  |
""",
    )
    expected = [f"small/Patience [{example}]@{CELL}" for example in ("long, well", "short, ill")]
    assert sorted({finding.scenario for finding in ran.findings}) == expected
    assert len({event for event in ran.events if event[0] == "observation"}) == 2
    assert sorted(set(ran.verdicts.values())) == ["passed"]


def test_a_scenario_that_is_not_planned_is_not_run(tmp_path: Path) -> None:
    ran = small_run(
        tmp_path,
        f"\nScenario: Untagged\n  When something crashes\n\n@SMALL-01\nScenario: One\n  Given an answer of 200{BOTH}",
    )
    assert (ran.code, {finding.scenario for finding in ran.findings}) == (0, {f"small/One@{CELL}"})


def test_ctrl_c_leaves_the_scenario_unfinished_and_ends_the_run(tmp_path: Path) -> None:
    interrupted = "\n    Then SMALL-01.E1 holds: so\n    When somebody presses Ctrl-C\n    Then SMALL-01.E2 holds: so\n"
    ran = small_run(
        tmp_path,
        f"\n@SMALL-01\nScenario: One\n  Given an answer of 200{interrupted}\n"
        "@SMALL-02\nScenario: Two\n  Given an answer of 200\n",
    )
    assert ran.code == 2
    assert [event for event, _ in ran.events] == ["started", "observation", "finding"]


@dataclass
class Ear:
    """Hears a run."""

    heard: list[str] = field(default_factory=list)

    def scenario_started(self, scene: Scene, feature: Any, scenario: Any) -> None:
        self.heard.append(f"{feature.name}: {scenario.name}")

    def step_started(self, scene: Scene, step: Any) -> None:
        self.heard.append(f"> {step.name}")

    def step_finished(self, scene: Scene, step: Any, finding: Finding | None, error: BaseException | None) -> None:
        what = f"{finding.expectation} {finding.verdict}" if finding else ""
        self.heard.append(f"< {what or type(error).__name__}")

    def scenario_finished(self, scene: Scene, error: BaseException | None) -> None:
        self.heard.append(f"{type(error).__name__}: {error}")


def test_a_listener_hears_every_step_and_what_it_came_to(tmp_path: Path) -> None:
    ear = Ear()
    run(tmp_path, "Given an answer of 500", listeners=[ear])
    assert ear.heard[:-1] == [
        "Small: One",
        "> an answer of 500",
        "< NoneType",
        "> SMALL-01.E1 holds: it is 200",
        "< SMALL-01.E1 failed",
        "> SMALL-01.E2 holds: it is 200 as well",
        "< SMALL-01.E2 failed",
    ]
    assert ear.heard[-1].startswith("ScenarioFailed: SMALL-01.E1: it was 500, near {{password:")


def test_a_listener_hears_of_a_crash_without_its_secrets(tmp_path: Path) -> None:
    ear = Ear()
    run(tmp_path, "When something crashes", listeners=[ear])
    assert ear.heard[2] == "< ZeroDivisionError"
    assert ear.heard[-1].startswith("ScenarioUnknown: SMALL-01.E1: the scenario crashed: ZeroDivisionError")
    assert SECRET not in ear.heard[-1]


def test_a_run_takes_no_settings_from_where_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    monkeypatch.chdir(tmp_path)
    assert run(tmp_path, "Given an answer of 200").code == 0
