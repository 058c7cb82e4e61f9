from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from harness.model import Decision, Finding, Reason
from harness.observations import Observation
from harness.report.report_input import ReportInput
from harness.report.summary import LISTED, markdown_summary


def test_the_summary_leads_with_the_decision_and_its_reasons_but_not_with_notes(report: ReportInput) -> None:
    text = markdown_summary(report)
    assert text.startswith("## Authassay: ❌ the gate does not pass")
    assert "| failed | TOKEN-01.E1 | mend it |" in text
    assert "unproven" not in text


def test_strings_of_the_target_stay_text(report: ReportInput) -> None:
    text = markdown_summary(report)
    line = next(line for line in text.splitlines() if line.startswith("| failed | TOKEN-01.E1 | reference · linux"))
    assert len(re.findall(r"(?<!\\)\|", line)) == 5
    assert "`<script>" in line
    outside = re.sub(r"(`+).+?(?<!`)\1(?!`)", "", text)
    assert set(re.findall(r"<[^>]*>", outside)) == {"<details>", "<summary>", "</summary>", "</details>"}
    assert "\x1b" not in text
    assert "](" not in outside


def test_a_gate_that_passes_and_one_that_nobody_asked_say_so(report: ReportInput) -> None:
    passed = replace(report, decision=Decision(True, (), ("TOKEN-*",)))
    assert "✅ the gate passes" in markdown_summary(passed)
    assert "Asked about `TOKEN-*` only." in markdown_summary(passed)
    assert markdown_summary(replace(report, decision=None)).startswith("## Authassay: findings, no gate asked")


def test_faults_that_were_not_killed_are_named_and_a_missing_kill_matrix_is_told(report: ReportInput) -> None:
    alive = {"id": "F-1", "expectation": "TOKEN-01.E1", "verdict": "survived", "reason": "it did not fail"}
    text = markdown_summary(replace(report, kill_matrix={"faults": [alive]}))
    assert "0 of 1 seeded faults were killed.\n- F-1: survived, it did not fail" in text
    assert "every expectation is unproven" in markdown_summary(replace(report, kill_matrix=None))


def test_controls_that_were_not_run_are_counted_and_places_listed(report: ReportInput) -> None:
    text = markdown_summary(report, {"auditor's page": "reports/out/auditor.html"})
    assert "2 controls were not run. Not run is not passed." in text
    assert text.endswith("- auditor's page: reports/out/auditor.html\n")


def test_a_long_list_is_cut_and_says_how_much_is_missing(
    report: ReportInput, many: Callable[[int, str], tuple[tuple[Finding, ...], dict[str, Observation]]]
) -> None:
    found, _ = many(LISTED + 7, "")
    reasons = tuple(Reason("failed", f"TOKEN-01.E{n}", f"x{n}") for n in range(LISTED + 3))
    text = markdown_summary(replace(report, findings=found, decision=Decision(False, reasons)))
    assert "And 7 more." in text
    assert "And 3 more." in text
