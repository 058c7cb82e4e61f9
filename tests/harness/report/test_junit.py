from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as Xml

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Basis, Catalog, Finding, Verdict
from harness.report.junit import junit_xml


def test_every_expectation_and_cell_is_a_test_case_with_its_verdict(
    findings: tuple[Finding, ...], catalog: Catalog
) -> None:
    root = Xml.fromstring(junit_xml(findings, catalog))
    assert dict(root.attrib) == {
        "name": "authassay",
        "tests": "9",
        "failures": "1",
        "errors": "1",
        "skipped": "3",
    }
    outcome = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert outcome["TOKEN-01.E1 [reference/linux/prod/any/any]"] == ["failure"]
    assert outcome["TOKEN-01.E1 [reference/linux/dev/any/any]"] == []
    assert outcome["EVENT-01.E1 [reference/linux/dev/any/any]"] == ["error"]
    assert outcome["WEB-09.E1 [reference/linux/any/any/any]"] == ["skipped"]


def test_several_findings_on_one_expectation_and_cell_are_one_case_with_the_worst(
    findings: tuple[Finding, ...], catalog: Catalog
) -> None:
    worse = replace(findings[0], verdict=Verdict.FAILED, scenario="another")
    root = Xml.fromstring(junit_xml([findings[0], worse], catalog))
    assert (root.get("tests"), root.get("failures")) == ("1", "1")


@given(st.text(), st.text())
def test_any_text_gives_well_formed_xml(expectation: str, reason: str) -> None:
    finding = Finding(expectation, reason, Verdict.FAILED, Basis.MACHINE, reason, reason, (), reason)
    document = junit_xml([finding], Catalog({}, {}))
    assert len(list(Xml.fromstring(document.encode()).iter("failure"))) == 1
