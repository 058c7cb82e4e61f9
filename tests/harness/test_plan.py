"""What a run is to do, and what it says of controls that nobody exercises yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from harness.errors import Mistakes, UsageError
from harness.matrix import Dimensions
from harness.model import STAGES, Catalog, Control, Expectation, Severity, Verdict
from harness.plan import Plan, make_plan, read_features
from tests.harness.small_run import STEPS

FEATURE = """\
Feature: Tokens

  @TOKEN-01 @stage:each
  Scenario: A code needs a challenge
    When something crashes
    Then TOKEN-01.E1 holds: it is refused

  @TOKEN-10
  Scenario Outline: A stolen token
    When it waits <when>
    Then TOKEN-10.E1 holds: it is refused

    Examples:
      | when  | how  |
      | now   | once |
      | later | once |
"""
OWN = """
Feature: The harness
  @WEB-01 @target:self
  Scenario: Evidence is whole
    When something crashes
    Then WEB-01.E1 holds: it is
"""


def control(id: str) -> Control:
    expectations = (Expectation(f"{id}.E1", "One."),)
    return Control(id, id.split("-")[0].lower(), "T", "MUST", "s", Severity.HIGH, "G", "S", expectations)


CATALOG = Catalog({id: control(id) for id in ("TOKEN-01", "TOKEN-10", "WEB-01")}, {})
HERE = Dimensions("reference", "linux", STAGES, (), ())
ALONE = "reference/linux/any/any/any"
MakePlan = Callable[..., Plan]


@pytest.fixture
def features(tmp_path: Path) -> Path:
    (tmp_path / "token.feature").write_text(FEATURE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def planned(features: Path) -> MakePlan:
    def make(*controls: str, selection: Mapping[str, str] | None = None) -> Plan:
        return make_plan(CATALOG, read_features(features, CATALOG, STEPS), HERE, controls, selection)

    return make


def test_without_a_pattern_everything_is_planned(planned: MakePlan) -> None:
    plan = planned()
    assert {s.name: len(cells) for s, cells in plan.cells.items()} == {
        "A code needs a challenge": 3,
        "A stolen token": 1,
    }


def test_a_control_without_a_scenario_is_not_run_and_says_so(planned: MakePlan) -> None:
    (finding,) = planned().without_scenario
    assert (finding.expectation, finding.cell) == ("WEB-01.E1", ALONE)
    assert (finding.verdict, finding.reason, finding.scenario) == (Verdict.NOT_RUN, "no scenario yet", "")


def test_patterns_choose_controls_and_a_selection_chooses_cells(planned: MakePlan) -> None:
    plan = planned("TOKEN-*", selection={"stage": "dev"})
    assert not plan.without_scenario
    assert sorted(cell.id for cells in plan.cells.values() for cell in cells) == [
        ALONE,
        "reference/linux/dev/any/any",
    ]


def test_scenarios_about_the_harness_are_left_out_where_the_target_is_not_ours_unless_controls_are_named(
    features: Path,
) -> None:
    (features / "web.feature").write_text(OWN, encoding="utf-8")
    found = read_features(features, CATALOG, STEPS)
    foreign = make_plan(CATALOG, found, HERE, foreign=True)
    (left_out,) = foreign.without_scenario
    assert (left_out.expectation, left_out.cell) == ("WEB-01.E1", "self/linux/any/any/any")
    assert (left_out.verdict, left_out.scenario) == (Verdict.NOT_RUN, "")
    assert "it runs where --controls names it" in left_out.reason
    assert not any(cell.target == "self" for cells in foreign.cells.values() for cell in cells)
    assert ("WEB-01.E1", "self/linux/any/any/any", "") in foreign.expected
    for asked in (make_plan(CATALOG, found, HERE), make_plan(CATALOG, found, HERE, ("WEB-*",), foreign=True)):
        assert not asked.without_scenario
        assert "Evidence is whole" in {scenario.name for scenario in asked.cells}


def test_a_run_expects_a_verdict_for_every_expectation_cell_and_example(planned: MakePlan) -> None:
    assert planned("TOKEN-10", "WEB-01").expected == (
        ("TOKEN-10.E1", ALONE, f"token/A stolen token [later, once]@{ALONE}"),
        ("TOKEN-10.E1", ALONE, f"token/A stolen token [now, once]@{ALONE}"),
        ("WEB-01.E1", ALONE, ""),
    )


def test_a_scenario_is_found_by_file_and_name(planned: MakePlan, features: Path) -> None:
    plan = planned()
    file = features / "token.feature"
    found = plan.find(file, "A stolen token")
    assert found is not None
    assert found.controls == ("TOKEN-10",)
    assert plan.find(file, "Another") is None
    assert plan.find(features / "other.feature", "A stolen token") is None
    assert plan.files == (file,)


@pytest.mark.parametrize(
    ("pattern", "hint"), [("TOKEN-11", "did you mean 'TOKEN-10'?"), ("*-77", "valid: TOKEN-01, TOKEN-10, WEB-01")]
)
def test_a_pattern_that_names_no_control_is_told_with_the_nearest(planned: MakePlan, pattern: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        planned("TOKEN-01", pattern)
    assert str(caught.value) == f"--controls: {pattern!r} names no control ({hint})"


def test_nothing_left_to_run_is_an_error_and_no_empty_success(planned: MakePlan) -> None:
    with pytest.raises(UsageError, match="nothing to run"):
        planned("TOKEN-01", selection={"os": "windows"})


def test_all_mistakes_of_feature_files_are_told_at_once(features: Path) -> None:
    (features / "more.feature").write_text("Feature: F\n\n  @TOKN-01\n  Scenario: S\n", encoding="utf-8")
    with pytest.raises(Mistakes) as caught:
        read_features(features, CATALOG, STEPS)
    assert len(caught.value.mistakes) > 1
    assert {mistake.file.name for mistake in caught.value.mistakes} == {"more.feature"}


def test_an_undefined_step_is_a_mistake_of_the_feature_file(features: Path) -> None:
    (features / "token.feature").write_text(FEATURE.replace("it waits", "it wats"), encoding="utf-8")
    with pytest.raises(Mistakes) as caught:
        read_features(features, CATALOG, STEPS)
    (mistake,) = caught.value.mistakes
    assert (mistake.line, mistake.what) == (10, "no step is defined for: When it wats now")
    assert mistake.hint == "did you mean 'When it waits {when}'?"


def test_steps_are_by_default_those_of_the_checkout(features: Path) -> None:
    with pytest.raises(Mistakes, match="no step is defined for: When it waits now"):
        read_features(features, CATALOG)
