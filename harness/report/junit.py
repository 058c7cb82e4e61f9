"""JUnit XML, as CI systems read it: one test case per expectation and cell."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from harness.model import Catalog, Finding, Verdict
from harness.report.symptoms import listed
from harness.report.verdicts import by_control, merged, visible, visible_lines

__all__ = ["junit_xml"]

# JUnit knows no `unknown`: what could not be judged is an error, not a skip that nobody looks at.
_ELEMENTS = {
    Verdict.FAILED: "failure",
    Verdict.UNKNOWN: "error",
    Verdict.NOT_RUN: "skipped",
    Verdict.NOT_APPLICABLE: "skipped",
}


def junit_xml(findings: Iterable[Finding], catalog: Catalog) -> str:
    """The document: a suite per control, the worst of several findings on one expectation and cell. The same findings
    give the same bytes."""
    root = Xml.Element("testsuites", name="authassay")
    for id, own in by_control(merged(findings), catalog).items():
        title = f"{id} {catalog.controls[id].title}" if id in catalog.controls else id
        suite = Xml.SubElement(root, "testsuite", {"name": visible(title), **_totals(own)})
        for finding in own:
            _case(suite, finding)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, "unicode") + "\n"


def _case(suite: Xml.Element, finding: Finding) -> None:
    control = finding.expectation.rpartition(".")[0]
    name = f"{finding.expectation} [{finding.cell}]"
    case = Xml.SubElement(suite, "testcase", classname=visible(f"authassay.{control}"), name=visible(name))
    element = _ELEMENTS.get(finding.verdict)
    if element:
        reason = visible_lines(f"{finding.verdict}: {finding.reason}")
        told = Xml.SubElement(case, element, message=reason)
        if element != "skipped":
            told.set("type", finding.verdict)
            told.text = visible_lines(
                "\n".join(
                    [finding.reason, *_symptoms(finding), f"scenario: {finding.scenario}", f"check: {finding.check}"]
                )
            )


def _symptoms(finding: Finding) -> list[str]:
    return [f"{number}. {text}" for number, text in enumerate(listed(finding), 1)]


def _totals(findings: tuple[Finding, ...]) -> dict[str, str]:
    elements = [_ELEMENTS.get(finding.verdict, "") for finding in findings]
    return {
        "tests": str(len(findings)),
        "failures": str(elements.count("failure")),
        "errors": str(elements.count("error")),
        "skipped": str(elements.count("skipped")),
    }
