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
from harness.report.junit import junit_xml
from harness.report.report_input import ReportInput
from harness.report.summary import markdown_summary

__all__ = ["Reports", "write_reports"]


@dataclass(frozen=True)
class Reports:
    """Where each report lies; `absent` says, in a line each, what could not be made and what mends it."""

    pages: Mapping[str, Path]
    absent: tuple[str, ...] = ()


def write_reports(
    report: ReportInput,
    bundle: Path,
    out: Path,
    scenarios: Sequence[ScenarioPlan],
    faults: Mapping[str, tuple[str, ...]],
) -> Reports:
    """Write Allure report, auditor's page, catalog page, JUnit and Markdown summary into `out`.

    `faults` maps expectations to the ids of the faults seeded for them. What cannot be made here is told, not raised.
    """
    out.mkdir(parents=True, exist_ok=True)
    texts = {
        "auditor.html": render_auditor(report),
        "catalog.html": render_catalog(report.catalog, scenarios, set(registry.checks()), faults),
        "junit.xml": junit_xml(report.findings, report.catalog),
        "summary.md": markdown_summary(report),
    }
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8", newline="\n")
    pages = {name: out / name for name in texts}
    cells = sorted({finding.cell for finding in report.findings if finding.scenario})
    try:
        allure = generate_allure([bundle / "allure-results"], out / "allure", cells)
    except NotHere as absent:
        return Reports(pages, (str(absent),))
    return Reports({"allure": allure, **pages})
