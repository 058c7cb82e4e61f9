"""What the catalog says of its own coverage."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from harness.features import ScenarioPlan
from harness.report.coverage import coverage_json, coverage_markdown, coverage_table
from tests.harness.small_run import CATALOG

pytestmark = pytest.mark.usefixtures("small_checks")

SCENARIO = ScenarioPlan("One", Path("small.feature"), 3, ("SMALL-01",), ("SMALL-01",), ("SMALL-01.E1",), {})
FAULTS = {"SMALL-01.E1": ("F-SMALL-01-a", "F-SMALL-01-b")}


def test_an_expectation_has_its_scenarios_check_and_faults() -> None:
    (one, two) = coverage_json(CATALOG, [SCENARIO], FAULTS)["controls"]
    assert one["expectations"][0]["scenarios"] == ["small: One"]
    assert one["expectations"][0]["check"].startswith("is_200 ")
    assert one["expectations"][0]["faults"] == ["F-SMALL-01-a", "F-SMALL-01-b"]
    assert (one["expectations"][1]["scenarios"], one["expectations"][1]["faults"]) == ([], [])
    assert (two["id"], two["severity"]) == ("SMALL-02", "high")


def test_an_expectation_counts_as_judged_with_scenario_and_check_and_as_proven_with_a_fault_besides() -> None:
    rows = coverage_markdown(CATALOG, [SCENARIO], FAULTS).splitlines()[2:]
    assert rows == [
        "| SMALL-01 | medium | Title of SMALL-01 | 1/2 | 1/2 |",
        "| SMALL-02 | high | Title of SMALL-02 | 0/2 | 0/2 |",
    ]
    assert coverage_markdown(CATALOG, [SCENARIO], {}).splitlines()[2].endswith("| 1/2 | 0/2 |")
    assert coverage_markdown(CATALOG, [], FAULTS).splitlines()[2].endswith("| 0/2 | 0/2 |")


def test_the_table_has_a_row_for_every_control() -> None:
    console = Console(width=100)
    with console.capture() as shown:
        console.print(coverage_table(CATALOG, [SCENARIO], FAULTS))
    assert [line.split()[0] for line in shown.get().splitlines()] == ["control", "SMALL-01", "SMALL-02"]
