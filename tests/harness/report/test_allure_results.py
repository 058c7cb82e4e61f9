"""Allure results of real small runs: labelled by cell and control, with their steps, and without secrets."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from harness.model import Waiver
from harness.redact import Redactor
from harness.report.allure_results import AllureResults
from tests.harness.small_run import CATALOG, CELL, ForeignTarget, SmallTarget, small_run
from tests.harness.small_steps import SECRET

pytestmark = pytest.mark.usefixtures("small_checks")

CONFIRMATION = f"Confirmation with {ForeignTarget().client_of_trial(2)}"
JUDGED = """
    Then SMALL-01.E1 holds: it is 200
    And SMALL-01.E2 holds: it is 200 as well
    And SMALL-02.E1 holds: so
    And SMALL-02.E2 holds: so
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "allure-results"


class ExpectedToFail(ForeignTarget):
    expected_failures = (Waiver("SMALL-01.E1", "*/linux/*", "mended in spring", "", "2027-03-31"),)


def results(
    folder: Path,
    *steps: str,
    then: str = JUDGED,
    tags: str = "@SMALL-01 @SMALL-02",
    target: type[SmallTarget] = SmallTarget,
) -> list[dict[str, Any]]:
    redactor = Redactor()
    redactor.register(SECRET, "password")
    allure = AllureResults(folder, CATALOG, redactor, redactor)
    written = "".join(f"    {step}\n" for step in steps)
    text = f"\n{tags}\nScenario: One\n{written}{then}"
    (folder.parent / "features").mkdir()
    small_run(folder.parent / "features", text, [allure], [allure], target=target)
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*-result.json"))]


def labels(result: dict[str, Any], name: str) -> list[str]:
    return sorted(label["value"] for label in result["labels"] if label["name"] == name)


def test_a_result_names_its_cell_its_controls_and_the_worst_severity_of_them(folder: Path) -> None:
    (result,) = results(folder, "Given an answer of 200")
    assert result["name"] == "One"
    assert labels(result, "cell") == [CELL]
    assert labels(result, "control") == ["SMALL-01", "SMALL-02"]
    assert labels(result, "tag") == ["SMALL-01", "SMALL-02"]
    assert labels(result, "severity") == ["critical"]
    assert (labels(result, "epic"), labels(result, "feature"), labels(result, "story")) == (
        ["small"],
        ["Small"],
        ["One"],
    )
    assert "SMALL-01 MUST hold." in result["description"]
    assert {p["name"]: p["value"].strip("'") for p in result["parameters"] if p["name"] != "cell"} == {
        "os": "linux",
        "stage": "any",
        "browser": "any",
        "store": "any",
    }


def test_a_result_has_the_steps_as_they_read_and_how_each_ended(folder: Path) -> None:
    (result,) = results(folder, "Given an answer of 500")
    assert [(step["name"], step["status"]) for step in result["steps"]] == [
        ("Given an answer of 500", "passed"),
        ("Then SMALL-01.E1 holds: it is 200", "failed"),
        ("And SMALL-01.E2 holds: it is 200 as well", "failed"),
        ("And SMALL-02.E1 holds: so", "broken"),
        ("And SMALL-02.E2 holds: so", "failed"),
    ]
    names = [attached["name"] for attached in result["steps"][1]["attachments"]]
    assert names == ["SMALL-01.E1: failed"]


def test_the_steps_of_a_second_trial_are_within_a_step_of_its_own(folder: Path) -> None:
    then = "\n    Then SMALL-01.E1 holds: so\n    And SMALL-01.E2 holds: so\n"
    (result,) = results(folder, "Given an answer of 500", then=then, tags="@SMALL-01", target=ExpectedToFail)
    names = [step["name"] for step in result["steps"]]
    assert names == ["Given an answer of 500", *(line.strip() for line in then.split("\n") if line), CONFIRMATION]
    confirmation = result["steps"][-1]
    assert [step["name"] for step in confirmation["steps"]] == names[:-1]
    assert confirmation["status"] == "failed"


def test_a_failure_that_the_targets_description_expects_is_shown_as_such(folder: Path) -> None:
    (result,) = results(folder, "Given an answer of 500", tags="@SMALL-01 @SMALL-02", target=ExpectedToFail)
    attached = {step["name"]: [one["name"] for one in step["attachments"]] for step in result["steps"][1:3]}
    expected = "the target's description expects a failure"
    assert [expected in names for names in attached.values()] == [True, False]
    source = next(one["source"] for one in result["steps"][1]["attachments"] if one["name"] == expected)
    assert (folder / source).read_text("utf-8") == "until 2027-03-31: mended in spring"


@pytest.mark.parametrize(
    ("step", "then", "status"),
    [
        ("Given an answer of 200", "\n    Then SMALL-01.E1 holds: so\n    And SMALL-01.E2 holds: so\n", "passed"),
        ("Given an answer of 500", JUDGED, "broken"),
        ("When something crashes", JUDGED, "broken"),
        ("When a printer is asked for", JUDGED, "skipped"),
    ],
)
def test_only_what_passed_is_shown_as_passed(folder: Path, step: str, then: str, status: str) -> None:
    (result,) = results(folder, step, then=then, tags="@SMALL-01")
    assert result["status"] == status


def test_no_secret_reaches_the_disk(folder: Path) -> None:
    (result,) = results(folder, "Given an answer of 500", "When something crashes")
    assert "{{password:" in result["statusDetails"]["message"]
    written = b"".join(path.read_bytes() for path in folder.iterdir())
    for form in (SECRET.encode(), base64.b64encode(SECRET.encode()), SECRET[:16].encode(), SECRET[-16:].encode()):
        assert form not in written
    assert b"{{password:" in written


def test_the_observations_and_the_data_table_are_attached(folder: Path) -> None:
    (result,) = results(folder, "When it waits long\n      | a | b |\n      | 1 | 2 |")
    tables = [a for a in result["steps"][0]["attachments"] if a["name"] == "data table"]
    assert (folder / tables[0]["source"]).read_text("utf-8").split() == ["a,b", "1,2"]
    (observed,) = [a for a in result["attachments"] if a["name"] == "1 observations"]
    assert json.loads((folder / observed["source"]).read_text("utf-8"))["case"] == "answer"


def test_each_cell_and_example_is_a_result_of_its_own(folder: Path) -> None:
    found = results(folder, "Given an answer of 200", tags="@SMALL-01 @SMALL-02 @stage:each")
    assert sorted(label for result in found for label in labels(result, "cell")) == [
        "small/linux/dev/any/any",
        "small/linux/prod/any/any",
    ]
    assert len({result["historyId"] for result in found}) == 2
