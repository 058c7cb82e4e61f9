"""All reports on a sealed bundle, beside it in one folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.checks import registry
from harness.errors import NotHere
from harness.features import ScenarioPlan
from harness.report.allure import generate_allure
from harness.report.auditor import render_auditor
from harness.report.catalog_page import render_catalog
from harness.report.failures import failures, script_name
from harness.report.findings_markdown import findings_markdown
from harness.report.junit import junit_xml
from harness.report.report_input import ReportInput
from harness.report.summary import markdown_summary

__all__ = ["Reports", "write_findings", "write_reports"]


@dataclass(frozen=True)
class Reports:
    """Where each report lies; `absent` says, in a line each, what could not be made and what mends it."""

    pages: Mapping[str, Path]
    absent: tuple[str, ...] = ()


def write_findings(report: ReportInput, out: Path) -> dict[str, Path]:
    """Write the failed expectations as Markdown, and a script with curl lines for each under `curl`; what was written,
    by name. Nothing where none failed."""
    out.mkdir(parents=True, exist_ok=True)
    found = failures(report)
    if not found:
        return {}
    (out / "findings.md").write_text(findings_markdown(report), encoding="utf-8", newline="\n")
    scripts = {script_name(failure, found): failure.script.text for failure in found if failure.script}
    if not scripts:
        return {"findings.md": out / "findings.md"}
    (out / "curl").mkdir(exist_ok=True)
    for name, text in scripts.items():
        (out / "curl" / name).write_text(text, encoding="utf-8", newline="\n")
    return {"findings.md": out / "findings.md", "curl": out / "curl"}


def write_reports(
    report: ReportInput,
    bundle: Path,
    out: Path,
    scenarios: Sequence[ScenarioPlan],
    faults: Mapping[str, tuple[str, ...]],
) -> Reports:
    """Write Allure report, auditor's page, findings, catalog page, JUnit and Markdown summary into `out`.

    `faults` maps expectations to the ids of the faults seeded for them. What cannot be made here is told, not raised.
    """
    findings = write_findings(report, out)
    texts = {
        "auditor.html": render_auditor(report),
        "catalog.html": render_catalog(report.catalog, scenarios, set(registry.checks()), faults),
        "junit.xml": junit_xml(report.findings, report.catalog),
        "summary.md": markdown_summary(report),
    }
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8", newline="\n")
    pages = findings | {name: out / name for name in texts}
    cells = sorted({finding.cell for finding in report.findings if finding.scenario})
    try:
        allure = generate_allure([bundle / "allure-results"], out / "allure", cells)
    except NotHere as absent:
        return Reports(pages, (str(absent),))
    return Reports({"allure": allure, **pages})
