from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from harness.errors import Mistake, Mistakes
from harness.lint import lint_features, scenarios
from harness.model import Catalog, Control, Expectation, Severity


def control(id: str, expectations: int) -> Control:
    numbered = tuple(Expectation(f"{id}.E{n}", f"Text {n}.") for n in range(1, expectations + 1))
    return Control(id, id[:5].lower(), "Title", "MUST", "L1", Severity.HIGH, "Given", "Stimulus", numbered)


CATALOG = Catalog({c.id: c for c in (control("TOKEN-01", 2), control("TOKEN-02", 1))}, {})
GOOD = """
    @TOKEN-01 @stage:each
    Scenario: A code needs a challenge
      Given a client
      When it asks for a code
      Then TOKEN-01.E1 holds: it is refused
      And TOKEN-01.E2 holds: it is told why
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes feature files; the scenarios of each begin at line 2, whatever their first blank line."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            body = indent(dedent(text).strip("\n"), "  ")
            (tmp_path / f"{name}.feature").write_text(f"Feature: {name}\n{body}\n", encoding="utf-8")
        return tmp_path

    return write


def told(folder: Path) -> list[tuple[str, int, str, str]]:
    mistakes = lint_features(folder, CATALOG)
    return [(mistake.file.name, mistake.line, mistake.what, mistake.hint) for mistake in mistakes]


def test_a_good_feature_has_no_mistake(write: Write) -> None:
    assert told(write(token=GOOD)) == []


def test_a_plan_says_what_a_scenario_verifies_where_and_in_which_cells(write: Write) -> None:
    (plan,) = scenarios(write(token=GOOD))
    assert (plan.name, plan.file.name, plan.line) == ("A code needs a challenge", "token.feature", 3)
    assert plan.tags == ("TOKEN-01", "stage:each")
    assert plan.controls == ("TOKEN-01",)
    assert plan.expectations == ("TOKEN-01.E1", "TOKEN-01.E2")
    assert plan.axes == {"stage": "each"}
    assert {plan: "plans are keys of a mapping"}


def test_tags_of_the_feature_and_of_a_rule_hold_for_their_scenarios(tmp_path: Path) -> None:
    (tmp_path / "token.feature").write_text(
        "@stage:all\nFeature: F\n  @TOKEN-02\n  Rule: R\n    Scenario: S\n      Then TOKEN-02.E1 holds: so\n",
        encoding="utf-8",
    )
    (plan,) = scenarios(tmp_path)
    assert (plan.controls, plan.axes, plan.expectations) == (("TOKEN-02",), {"stage": "all"}, ("TOKEN-02.E1",))
    assert told(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "hint"),
    [
        ("@TOKEN-01 ", "@TOKEN-01 @TOKEN-11 ", 2, "unknown control @TOKEN-11", "did you mean 'TOKEN-01'?"),
        ("@TOKEN-01 ", "@TOKEN-01 @token-02 ", 2, "unknown tag @token-02", "did you mean 'TOKEN-02'?"),
        (
            "@TOKEN-01 ",
            "@TOKEN-01 @slow ",
            2,
            "unknown tag @slow",
            "a tag is a control such as @TOKEN-01, an axis such as @stage:each, or @destructive",
        ),
        ("@stage:each", "@stge:each", 2, "unknown axis @stge:each", "did you mean 'stage'?"),
        ("@stage:each", "@stage:prd", 2, "unknown value 'prd' of the axis 'stage'", "did you mean 'prod'?"),
        ("@stage:each", "@browser:firefox", 2, "unknown value 'firefox' of the axis 'browser'", "valid: each"),
        ("@stage:each", "@store:", 2, "unknown value '' of the axis 'store'", "valid: each"),
        (
            "@stage:each",
            "@stage:dev @stage:prod",
            2,
            "@stage:prod beside @stage:dev",
            "one value an axis; for all of them write each",
        ),
        (
            "And TOKEN-01.E2 holds: it is told why",
            "",
            2,
            "TOKEN-01 has a scenario, but no Then step judges TOKEN-01.E2",
            "add: Then TOKEN-01.E2 holds: … (Text 2.)",
        ),
        ("TOKEN-01.E2 holds", "TOKEN-01.E3 holds", 7, "unknown expectation TOKEN-01.E3", "did you mean 'TOKEN-01.E2'?"),
        (
            "TOKEN-01.E2 holds",
            "TOKEN-02.E1 holds",
            7,
            "TOKEN-02.E1 is judged in a scenario that is not tagged @TOKEN-02",
            "add the tag @TOKEN-02, or judge it elsewhere",
        ),
        ("TOKEN-01.E2 holds", "TOKEN-01.E1 holds", 7, "TOKEN-01.E1 is judged twice in one scenario", "once is enough"),
        (
            "TOKEN-01.E2 holds:",
            "TOKEN-01.E2 hold:",
            7,
            "'TOKEN-01.E2' is not judged by 'TOKEN-01.E2 hold: it is told why'",
            "write it as: Then TOKEN-01.E1 holds: words that an auditor understands",
        ),
        (
            "When it asks for a code",
            "When TOKEN-01.E1 holds: it is refused",
            5,
            "TOKEN-01.E1 stands in a When, which judges nothing",
            "make it a Then",
        ),
        ("A code needs a challenge", "", 3, "a scenario without a name", "its name is its id in the evidence"),
        (
            "@TOKEN-01 @stage:each",
            "@stage:each",
            3,
            "the scenario 'A code needs a challenge' has no control",
            "tag it with the control that it verifies, such as @TOKEN-01",
        ),
        ("When it asks", "Wen it asks", 5, "unexpected 'Wen it asks for a code'", "a step begins with Given"),
        (
            "Given a client",
            "Gven a client",
            4,
            "'Gven a client' is no step and would be lost",
            "a step begins with Given, When or Then",
        ),
        (
            "@TOKEN-01 @stage:each\n    Scenario:",
            "Scenaro:",
            2,
            "'Scenaro: A code needs a challenge' is read as a description",
            "did you mean 'Scenario:'?",
        ),
        ("Scenario:", "Scenario Outline:", 3, "", "it never runs"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_write(
    write: Write, old: str, new: str, line: int, what: str, hint: str
) -> None:
    assert old in GOOD
    found = told(write(token=GOOD.replace(old, new)))
    assert any(place == line and what in said and hint in mend for _, place, said, mend in found), found


def test_a_scenario_without_steps_and_one_without_a_then_are_told(write: Write) -> None:
    folder = write(
        token=GOOD + "\n    @TOKEN-01\n    Scenario: A\n    @TOKEN-01\n    Scenario: B\n      Given a client\n"
    )
    assert [(line, what) for _, line, what, _ in told(folder)] == [
        (10, "the scenario 'A' has no steps"),
        (12, "the scenario 'B' has no Then"),
    ]


def test_a_name_used_twice_is_told_in_one_feature_and_across_features(write: Write) -> None:
    found = told(write(token=GOOD + GOOD, web=GOOD))
    what = "a second scenario with the name 'A code needs a challenge'"
    assert [(file, line, what_) for file, line, what_, _ in found] == [
        ("token.feature", 10, what),
        ("web.feature", 3, what),
    ]
    assert "the first is at token.feature:3" in found[0][3]


def test_an_expectation_may_be_judged_in_another_scenario_of_its_control(write: Write) -> None:
    first = GOOD.replace("And TOKEN-01.E2 holds: it is told why", "")
    second = "@TOKEN-01\nScenario: It is told\n  Then TOKEN-01.E2 holds: so\n"
    assert told(write(token=first, web=second)) == []


def test_an_expectation_judged_in_a_background_is_told(write: Write) -> None:
    background = "\n    Background:\n      Given a client\n      Then TOKEN-01.E1 holds: it is refused\n"
    assert (4, "TOKEN-01.E1 stands in a Background, which judges nothing") in [
        (line, what) for _, line, what, _ in told(write(token=background + GOOD))
    ]


def test_mistakes_of_all_files_are_told_at_once_also_beside_one_that_is_no_gherkin(write: Write) -> None:
    folder = write(a=GOOD.replace("@TOKEN-01 ", "@TOKEN-99 "), b=GOOD.replace("When it asks", "Wen it asks"))
    (folder / "c.feature").write_text("# nothing yet\n", encoding="utf-8")
    (folder / "d.feature").write_bytes(b"Feature: \xff\n")
    found = told(folder)
    assert {file for file, *_ in found} == {"a.feature", "b.feature", "c.feature", "d.feature"}
    assert ("c.feature", 1, "holds no Feature", "begin with: Feature: NAME") in found


def test_a_plan_of_what_is_no_gherkin_raises_mistakes(write: Write) -> None:
    with pytest.raises(Mistakes, match=r"token\.feature:5: unexpected 'Wen it asks for a code'"):
        scenarios(write(token=GOOD.replace("When it asks", "Wen it asks")))


def test_a_step_that_nothing_defines_is_told_where_the_definitions_are_known(write: Write) -> None:
    def undefined(file: Path) -> list[Mistake]:
        return [Mistake(file, 5, "no step is defined for: When it asks for a code")]

    mistakes = lint_features(write(token=GOOD), CATALOG, undefined)
    assert [(m.line, m.what) for m in mistakes] == [(5, "no step is defined for: When it asks for a code")]


def test_a_line_with_another_mistake_is_not_told_to_be_undefined_too(write: Write) -> None:
    folder = write(token=GOOD.replace("TOKEN-01.E2 holds", "TOKEN-01.E2 hold"))
    mistakes = lint_features(folder, CATALOG, lambda file: [Mistake(file, 7, "no step is defined")])
    assert [m.what for m in mistakes if m.line == 7] == [
        "'TOKEN-01.E2' is not judged by 'TOKEN-01.E2 hold: it is told why'"
    ]


def test_a_feature_may_have_a_description(write: Write) -> None:
    assert told(write(token="    The issuer hands out tokens.\n    Note: sparingly.\n" + GOOD)) == []


def test_a_folder_without_features_is_told(tmp_path: Path) -> None:
    assert [what for _, _, what, _ in told(tmp_path)] == ["holds no feature files"]
