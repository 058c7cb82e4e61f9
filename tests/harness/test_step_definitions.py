"""Which steps of a feature file nothing defines, told before anything is started."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.run import FEATURES
from harness.step_definitions import StepDefinitions, step_modules
from tests.harness.small_run import STEPS

Undefined = Callable[..., list[tuple[int, str, str]]]


@pytest.fixture
def undefined(tmp_path: Path) -> Undefined:
    """Line, mistake and hint of each undefined step of a scenario, whose steps begin at line 3."""

    def find(steps: str, head: str = "Scenario: S") -> list[tuple[int, str, str]]:
        file = tmp_path / "f.feature"
        file.write_text(f"Feature: F\n{head}\n{steps}\n", encoding="utf-8")
        return [(m.line, m.what, m.hint) for m in StepDefinitions.of(STEPS).undefined(file)]

    return find


def test_steps_that_are_defined_are_no_mistake(undefined: Undefined) -> None:
    assert undefined("Given an answer of 200\nWhen something crashes\nThen TOKEN-01.E1 holds: so") == []


def test_a_mistyped_phrase_is_told_with_its_line_and_the_nearest(undefined: Undefined) -> None:
    assert undefined("Given an answer of 200\nWhen something crshes\nThen TOKEN-01.E1 holds: so") == [
        (4, "no step is defined for: When something crshes", "did you mean 'When something crashes'?")
    ]


def test_a_phrase_that_is_a_pattern_is_told_as_people_write_it(undefined: Undefined) -> None:
    ((_, _, hint),) = undefined("Then an expectation hold: words")
    assert hint == "did you mean 'Then {expectation} holds: {words}'?"


def test_a_parameter_that_does_not_parse_is_an_undefined_step(undefined: Undefined) -> None:
    hint = "did you mean 'Given an answer of {status:d}'?"
    assert undefined("Given an answer of two") == [(3, "no step is defined for: Given an answer of two", hint)]


def test_a_phrase_of_another_type_is_undefined_and_and_goes_on_with_the_type(undefined: Undefined) -> None:
    what = "no step is defined for: Given something crashes"
    assert undefined("Given something crashes") == [(3, what, "did you mean 'When something crashes'?")]
    assert undefined("Given an answer of 200\nAnd something crashes")[0][:2] == (4, what)


def test_an_unlike_phrase_gets_no_far_fetched_hint(undefined: Undefined) -> None:
    assert undefined("When zzz")[0][2] == "see the phrases in steps/, or define it there"


def test_an_outline_is_matched_row_by_row_and_told_once(undefined: Undefined) -> None:
    step, head = "Given an answer of <status>\nExamples:\n| status |\n", "Scenario Outline: S"
    assert undefined(f"{step}| 200 |\n| 404 |", head) == []
    told = undefined(f"{step}| 200 |\n| two |\n| three |", head)
    assert [(line, what) for line, what, _ in told] == [(3, "no step is defined for: Given an answer of two")]


def test_a_background_is_told_once_for_all_its_scenarios(undefined: Undefined) -> None:
    told = undefined("Given nonsense\nScenario: A\nWhen something crashes\nScenario: B\nWhen it waits 1", "Background:")
    assert [line for line, _, _ in told] == [3]


def test_a_scenario_that_begins_with_and_is_told(undefined: Undefined) -> None:
    ((line, what, _),) = undefined("And an answer of 200")
    assert line == 3
    assert "must start with 'Given', 'When' or 'Then'" in what


def test_step_modules_are_left_for_pytest_to_import_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in step_modules():
        monkeypatch.delitem(sys.modules, module, raising=False)
    assert StepDefinitions.of(step_modules()).known
    assert not sys.modules.keys() & set(step_modules())


def test_every_step_of_the_features_is_defined_in_the_modules_that_a_run_loads() -> None:

    definitions = StepDefinitions.of(step_modules())
    assert [str(m) for file in sorted(FEATURES.glob("*.feature")) for m in definitions.undefined(file)] == []
