"""Failed expectations as a maintainer reads them: on the page, as Markdown to paste, and in the terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from harness.checks.registry import OWN_REQUIREMENT, own_requirement
from harness.model import Severity, Symptom, Verdict, Waiver
from harness.observations import Absence, Confirmation, HttpExchange, LifetimeTable, Observation
from harness.report.auditor import render_auditor
from harness.report.failures import failures, script_name
from harness.report.findings_markdown import findings_markdown
from harness.report.findings_table import show_findings
from harness.report.junit import junit_xml
from harness.report.report_input import ReportInput
from harness.report.reports import write_findings
from harness.report.summary import markdown_summary
from harness.report.symptoms import LISTED
from tests.harness.report.conftest import DEV, HOSTILE, PROD, control, finding
from tests.harness.report.exchanges import numbered, sent
from tests.harness.report.test_auditor import Page

STAGES = (("dev", DEV), ("prod", PROD))
FAR = "other/linux/dev/any/any"


def with_failures(
    report: ReportInput, *failed: tuple[str, str, str], about: Mapping[int, Observation] | None = None
) -> ReportInput:
    """The report with these failures (expectation, cell, reason), each shown by its second observation of three."""
    findings, seen = [], {}
    for expectation, cell, reason in failed:
        scenario = f"token/{expectation}@{cell}"
        own: list[Observation] = [
            sent("GET", "/before"),
            sent("GET", f"/{expectation}", 500, "what came"),
            sent("GET", "/after"),
        ]
        own += list((about or {}).values())
        for number, one in enumerate(numbered(own), 1):
            id = f"{scenario}#{number}"
            seen[id] = replace(one, id=id)
        ids = tuple(id for id in seen if id.startswith(scenario))
        found = finding(expectation, cell, Verdict.FAILED, reason)
        findings.append(replace(found, scenario=scenario, observations=ids, shown_by=(ids[1],)))
    return replace(report, findings=tuple(findings), observations=seen)


def test_what_failed_alike_in_several_stages_is_told_once(report: ReportInput) -> None:
    (found,) = failures(with_failures(report, ("TOKEN-01.E1", PROD, "no"), ("TOKEN-01.E1", DEV, "no")))
    assert found.stages == "dev, prod"
    assert [sight.cells for sight in found.sights] == [(DEV, PROD)]


def test_of_two_scenarios_that_saw_it_the_one_that_skipped_less_time_is_repeated(report: ReportInput) -> None:
    late, soon = (with_failures(report, ("TOKEN-01.E1", DEV, reason)) for reason in ("late", "soon"))
    exchanges = (one for one in late.observations.values() if isinstance(one, HttpExchange))
    seen: dict[str, Observation] = {one.id: replace(one, skipped=86_400.0) for one in exchanges}
    again = {f"{id}~": replace(one, id=f"{id}~") for id, one in soon.observations.items()}
    (second,) = soon.findings
    second = replace(second, scenario=f"{second.scenario}~", observations=tuple(again), shown_by=tuple(again)[1:2])
    both = replace(report, findings=(*late.findings, second), observations=seen | again)
    (found,) = failures(both)
    assert found.sights[0].shown[-1].id.endswith("~")


def test_addresses_and_numbers_of_a_stage_make_no_difference(report: ReportInput) -> None:
    told = [("TOKEN-01.E1", cell, f"id.{stage}.x:{n} took {n} s") for n, (stage, cell) in enumerate(STAGES)]
    (found,) = failures(with_failures(report, *told))
    assert [(sight.reason, len(sight.cells)) for sight in found.sights] == [("id.dev.x:0 took 0 s", 2)]


def test_the_severest_come_first(report: ReportInput) -> None:
    low = replace(report.catalog.controls["TOKEN-01"], severity=Severity.LOW)
    catalog = replace(report.catalog, controls={**report.catalog.controls, "TOKEN-01": low})
    failed = with_failures(replace(report, catalog=catalog), ("TOKEN-01.E1", DEV, "a"), ("WEB-01.E1", DEV, "b"))
    assert [one.expectation.id for one in failures(failed)] == ["WEB-01.E1", "TOKEN-01.E1"]


def test_only_what_shows_it_is_shown_and_a_second_trial_confirms_it(report: ReportInput) -> None:
    second = {1: Confirmation(case="second trial", client="http.client", trial=2)}
    second |= {2: replace(sent("GET", "/again", 500), trial=2)}  # type: ignore[dict-item]  # both are observations
    (found,) = failures(with_failures(report, ("TOKEN-01.E1", DEV, "no"), about=second))
    (sight,) = found.sights
    assert [one.url for one in sight.shown] == ["https://id.example/TOKEN-01.E1"]  # type: ignore[attr-defined]
    assert sight.confirmed_by == "http.client"


def test_what_was_read_in_documentation_is_confirmed_by_no_http_client(report: ReportInput) -> None:
    second = {1: Confirmation(case="second trial", client="http.client", trial=2)}
    failed = with_failures(report, ("TOKEN-01.E1", DEV, "no"), about=second)
    (shown,) = failed.findings[0].shown_by
    table = LifetimeTable(id=shown, case="documented lifetimes", stage="dev", source="its description", limits={})
    (found,) = failures(replace(failed, observations={**failed.observations, shown: table}))
    assert [sight.confirmed_by for sight in found.sights] == [""]
    assert found.script is None


def test_the_clause_of_the_check_comes_before_those_of_the_control(report: ReportInput) -> None:
    (found,) = failures(with_failures(report, ("TOKEN-01.E1", DEV, "no")))
    assert found.clauses == ("RFC 7636 §4.4.1", "SOC 2 CC6.1")


def test_a_requirement_of_the_catalogs_own_is_told_as_no_rfcs(report: ReportInput) -> None:
    (found,) = failures(with_failures(report, ("TOKEN-02.E2", DEV, "no")))
    assert found.clauses == (OWN_REQUIREMENT,)


def test_where_all_that_is_wrong_is_so_by_the_catalog_alone_no_rfc_is_named(report: ReportInput) -> None:
    own = with_failures(report, ("TOKEN-01.E1", DEV, own_requirement("a 302 may be kept")))
    assert failures(own)[0].clauses == (OWN_REQUIREMENT,)
    both = with_failures(report, ("TOKEN-01.E1", DEV, own_requirement("no")), ("TOKEN-01.E1", PROD, "wrong"))
    assert failures(both)[0].clauses[0] == "RFC 7636 §4.4.1"


def test_the_remedy_is_in_the_targets_own_terms_else_the_requirement(report: ReportInput) -> None:
    failed = with_failures(report, ("TOKEN-01.E1", DEV, "no"), ("TOKEN-01.E1", FAR, "no"))
    found = failures(replace(failed, remedies={"other": {"TOKEN-01.E1": "Set the option pkce."}}))
    assert {one.target: one.change for one in found} == {
        "reference": "TOKEN-01 MUST hold within P.leeway.",
        "other": "Set the option pkce.",
    }
    assert {script_name(one, found) for one in found} == {"TOKEN-01.E1-other.sh", "TOKEN-01.E1-reference.sh"}


def test_a_failure_that_the_description_expects_says_so_with_reason_and_expiry(report: ReportInput) -> None:
    waiver = Waiver("TOKEN-01.E1", "*/dev/*/*", "the vendor mends it in spring", "", "2027-03-31")
    failed = replace(with_failures(report, ("TOKEN-01.E1", DEV, "no")), expected_failures=(waiver,))
    assert failures(failed)[0].expected
    for text in (Page(render_auditor(failed)).text, findings_markdown(failed)):
        assert "expects this until 2027-03-31: the vendor mends it in spring" in text
    assert "(expected until 2027-03-31) no" in terminal(failed)


def test_the_page_has_what_was_expected_seen_and_to_be_changed(report: ReportInput) -> None:
    failed = with_failures(report, ("TOKEN-01.E1", DEV, "it was issued"))
    text = Page(render_auditor(failed)).text
    for words in (
        "Expected TOKEN-01 expectation 1",
        "Clause RFC 7636 §4.4.1, SOC 2 CC6.1",
        "Seen it was issued",
        "GET https://id.example/TOKEN-01.E1 HTTP 500 what came",
        "Required TOKEN-01 MUST hold within P.leeway 60 s.",
        "bash curl/TOKEN-01.E1.sh",
        'curl "${BASE}/TOKEN-01.E1"',
    ):
        assert words in text


def test_the_notes_of_the_control_stand_beside_the_expectation_where_it_has_some(report: ReportInput) -> None:
    failed = with_failures(report, ("TOKEN-01.E1", DEV, "no"))
    for text in (Page(render_auditor(failed)).text, findings_markdown(failed)):
        assert "Notes" not in text
    noted = replace(failed.catalog.controls["TOKEN-01"], notes="404 passes\n  too.")
    failed = replace(failed, catalog=replace(failed.catalog, controls={"TOKEN-01": noted}))
    card = Page(render_auditor(failed)).text.partition("Stimulus")[2].partition("Clause")[0]
    assert "Expected TOKEN-01 expectation 1 Notes 404 passes too." in card
    assert "**Notes.** 404 passes too." in findings_markdown(failed)


def with_symptoms(report: ReportInput, count: int) -> ReportInput:
    """A failure with so many symptoms, each shown by an exchange of its own; each one but the last by a second trial
    too."""
    scenario, seen = f"token/many@{DEV}", dict[str, Observation]()
    symptoms = []
    for number in range(1, count + 1):
        ids = [f"{scenario}#{number}", f"{scenario}#{count + 1 + number}"][: 2 if number < count else 1]
        for trial, id in enumerate(ids, 1):
            seen[id] = replace(numbered([sent("GET", f"/way-{number}", 500)])[0], id=id, trial=trial)
        symptoms.append(Symptom(f"symptom {'abcdefgh'[number % 8]}{number} {HOSTILE}", tuple(ids)))
    again = Confirmation(id=f"{scenario}#{count + 1}", case="second trial", client="http.client", trial=2)
    found = finding("TOKEN-01.E1", DEV, Verdict.FAILED, f"{symptoms[0].text}, and {count - 1} more")
    ids_of_all = (*seen, again.id)
    found = replace(
        found, scenario=scenario, observations=ids_of_all, symptoms=tuple(symptoms), shown_by=ids_of_all[:1]
    )
    return replace(report, findings=(found,), observations={**seen, again.id: again})


def test_every_report_tells_every_symptom_with_what_shows_it(report: ReportInput) -> None:
    failed = with_symptoms(report, 7)
    page, markdown = Page(render_auditor(failed)).text, findings_markdown(failed)
    card = page.partition("Stimulus")[2].partition("See it again")[0]
    for number in range(1, 8):
        assert card.count(f"GET https://id.example/way-{number} HTTP 500") == 1
        assert markdown.count(f"GET https://id.example/way-{number} → 500") == 1
        for text in (card, markdown, markdown_summary(failed), junit_xml(failed.findings, failed.catalog)):
            assert re.search(rf"symptom \w{number}\b", text)
    assert [part[-20:].rstrip() for part in card.split("first trial only")[:-1]] == [
        card.partition("first trial only")[0][-20:].rstrip()
    ]
    assert markdown.count("(in the first trial only)") == 1
    assert "7 symptoms, each with what shows it" in card


def test_symptoms_without_end_are_counted(report: ReportInput) -> None:
    failed = with_symptoms(report, LISTED + 30)
    assert "30 more symptoms are in findings.jsonl." in Page(render_auditor(failed)).text
    assert "30 more symptoms are in `findings.jsonl`." in findings_markdown(failed)
    assert len(findings_markdown(failed)) < 400_000
    assert "and 30 more, in `findings.jsonl`" in markdown_summary(
        failed
    ) or "and 30 more, in findings.jsonl" in markdown_summary(failed)


def test_what_other_cells_do_not_share_is_told_of_each(report: ReportInput) -> None:
    one = with_symptoms(report, 5)
    (first,) = one.findings
    other = replace(first, cell=PROD, symptoms=first.symptoms[:4])
    (found,) = failures(replace(one, findings=(first, other)))
    assert [len(sight.symptoms) for sight in found.sights] == [5, 4]


def test_what_a_target_lacks_is_told_with_its_reason(report: ReportInput) -> None:
    lack = {1: Absence(case="absence", capability="bus", reason="nobody described one")}
    text = Page(render_auditor(with_failures(report, ("TOKEN-01.E1", DEV, "no"), about=lack))).text
    assert "What scenarios did not find" in text
    assert "nobody described one not declared" in text
    assert "bus not offered: nobody described one" in text


def test_the_observations_of_a_second_trial_are_told_apart(report: ReportInput) -> None:
    again = {1: Confirmation(case="again", client="http.client", trial=2)}
    text = Page(render_auditor(with_failures(report, ("TOKEN-01.E1", DEV, "no"), about=again))).text
    assert "#4 second trial again the scenario once more from its start, with http.client" in text
    assert "#3 second trial" not in text


def rendered(markdown: str) -> str:
    """What GitHub makes of it, but for its own styles: raw HTML, links and tables on."""
    return str(MarkdownIt("gfm-like", {"html": True}).disable("linkify", True).render(markdown))


def hostile(report: ReportInput) -> ReportInput:
    evil = f"{HOSTILE}\n```\n# a heading\n</details>\n@maintainer #1 www.evil.example"
    failed = with_failures(report, ("TOKEN-01.E1", DEV, evil), ("TOKEN-02.E1", DEV, "no"))
    seen = {id: replace(o, body=evil, case=evil) for id, o in failed.observations.items()}  # type: ignore[call-arg]
    return replace(
        failed,
        observations=seen,
        remedies={"reference": {"TOKEN-01.E1": evil}},
        expected_failures=(Waiver("TOKEN-01", "*", evil, "", evil),),
        facts=replace(report.facts, version=evil),
    )


def test_the_markdown_cannot_be_broken_out_of(report: ReportInput) -> None:
    markdown = findings_markdown(hostile(report))
    page = Page(rendered(markdown))
    assert page.all("script") == []
    assert page.all("img") == []
    assert page.all("a") == []
    assert len(page.all("h1")) == 1
    assert len(page.all("h2")) == 2
    assert not set("\x1b\u202e") & set(markdown)
    told = "".join(line for line in markdown.splitlines() if line.startswith(("**", "The description")))
    assert "`@maintainer`" in told
    told = re.sub(r"`[^`]*`", "", told)
    assert not [word for word in ("@maintainer", "www.evil", "://", " #1") if word in told]


def terminal(report: ReportInput) -> str:
    console = Console(file=StringIO(), width=200)
    show_findings(console, failures(report), Path("curl"))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_the_table_in_the_terminal_names_each_its_remedy_and_where_the_scripts_lie(report: ReportInput) -> None:
    failed = with_failures(report, ("TOKEN-01.E1", DEV, "it was issued"), ("TOKEN-01.E1", PROD, "it was issued"))
    printed = terminal(replace(failed, remedies={"reference": {"TOKEN-01.E1": "Set the option pkce."}}))
    row = next(line for line in printed.splitlines() if "TOKEN-01.E1" in line)
    assert [words.strip() for words in row.split("  ") if words.strip()] == [
        "TOKEN-01.E1",
        "high",
        "dev, prod",
        "it was issued",
        "Set the option pkce.",
    ]
    assert "curl lines that show each: curl" in printed


def test_the_table_in_the_terminal_holds_no_escapes_of_the_target(report: ReportInput) -> None:
    assert not set("\x1b\u202e") & set(terminal(hostile(report)))


def test_findings_and_scripts_are_written_where_something_failed(report: ReportInput, tmp_path: Path) -> None:
    assert write_findings(replace(report, findings=()), tmp_path / "none") == {}
    assert list((tmp_path / "none").iterdir()) == []
    pages = write_findings(with_failures(report, ("TOKEN-01.E1", DEV, "no")), tmp_path)
    assert set(pages) == {"findings.md", "curl"}
    assert [path.name for path in (tmp_path / "curl").iterdir()] == ["TOKEN-01.E1.sh"]


@pytest.mark.parametrize("name", ["../../x", "a b", "a;b"])
def test_the_file_of_a_script_stays_in_its_folder(report: ReportInput, name: str) -> None:
    strange = control(name, 1)
    catalog = replace(report.catalog, controls={**report.catalog.controls, name: strange})
    found = failures(with_failures(replace(report, catalog=catalog), (f"{name}.E1", DEV, "no")))
    assert not set("/ ;") & set(script_name(found[0], found))
