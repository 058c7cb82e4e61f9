from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from harness.model import Basis, Decision, Finding, Verdict
from harness.observations import Observation
from harness.report.auditor import render_auditor
from harness.report.pages import marked
from harness.report.report_input import ReportInput, SealFacts
from harness.report.transcripts import ranges, transcript
from tests.harness.report.conftest import PROD
from tests.harness.report.exchanges import sent

Many = Callable[[int, str], tuple[tuple[Finding, ...], dict[str, Observation]]]


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, text outside script and style, and what is hidden."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, str] = {}
        self.words = ""
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style"):
            self.inline[self._open] = self.inline.get(self._open, "") + data
        else:
            self.words += data

    @property
    def text(self) -> str:
        return " ".join(self.words.split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def section(self, name: str) -> int:
        return next(n for n, (tag, a) in enumerate(self.elements) if tag == "section" and a.get("id") == name)


def test_not_applicable_comes_first_then_failed_unknown_not_run_and_passed(report: ReportInput) -> None:
    page = Page(render_auditor(report))
    order = ["decision", "not_applicable", "failed", "unknown", "not_run", "passed", "faults", "seal", "yourself"]
    places = [page.section(name) for name in order]
    assert places == sorted(places)
    assert "the target has no web client" in page.text


def test_a_control_is_shown_under_its_worst_verdict_and_one_without_scenario_apart(report: ReportInput) -> None:
    page = Page(render_auditor(report))
    verdicts = {a["id"]: a["data-verdict"] for a in page.all("article") if a["class"] == "dossier"}
    assert verdicts == {
        "TOKEN-01": "failed",
        "TOKEN-02": "passed",
        "EVENT-01": "unknown",
        "STORE-01": "not_run",
        "WEB-01": "not_applicable",
    }
    assert "1 control has no scenario yet" in page.text


def test_what_does_not_apply_or_was_not_run_is_not_counted_as_exercised(report: ReportInput) -> None:
    text = Page(render_auditor(report)).text
    assert "3 of 6 controls were exercised" in text
    assert "1 is not applicable to it. 1 was not run." in text
    killed = tuple(replace(finding, verdict=Verdict.NOT_RUN) for finding in report.findings)
    assert "0 of 6 controls were exercised" in Page(render_auditor(replace(report, findings=killed))).text


def test_a_control_that_was_run_in_one_cell_of_several_was_exercised(report: ReportInput) -> None:
    found = tuple(replace(f, verdict=Verdict.NOT_RUN) if f.cell == PROD else f for f in report.findings)
    assert "3 of 6 controls were exercised" in Page(render_auditor(replace(report, findings=found))).text


def test_the_verdict_leads_to_the_failures(report: ReportInput) -> None:
    page = Page(render_auditor(report))
    assert "1 failed expectation, each with what was sent and what came" in page.text
    assert {"href": "#failed"} in page.all("a")


def test_observations_of_one_case_are_told_apart_and_the_time_that_was_skipped_is_told() -> None:
    told = sent(
        "POST", "/token", 400, case="a mistake", client="native", mistake="no verifier", agent="7", skipped=7200.0
    )
    line = "native, no verifier: POST https://id.example/token → 400, with the clock 7,200 s (2 h) ahead"
    assert transcript(told).line == line


def test_what_a_remedy_has_in_backquotes_is_code(report: ReportInput) -> None:
    remedies = {"reference": {"TOKEN-01.E1": "Set `ttl <b>` or `ttl`."}}
    page = render_auditor(replace(report, remedies=remedies))
    assert "<code>ttl &lt;b&gt;</code> or <code>ttl</code>" in page


def test_hostile_strings_stay_text(report: ReportInput) -> None:
    strange = "\"><script>alert(2)</script><a href='javascript:x'>"
    hostile = replace(
        report,
        facts=replace(
            report.facts, target=strange, commit=strange, machine={strange: strange}, tools={strange: strange}
        ),
        findings=(*report.findings, Finding(strange, strange, Verdict.FAILED, Basis.MACHINE, strange, strange)),
        seal=SealFacts(
            strange, strange, False, strange, {strange: strange}, ((strange, strange, strange),), (strange,)
        ),
        kill_matrix={
            "faults": [dict.fromkeys(("id", "expectation", "verdict", "reason"), strange)],
            "false_alarms": [strange],
        },
    )
    page = Page(render_auditor(hostile))
    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert not [a for _, attributes in page.elements for a in attributes if a.startswith("on") or a == "style"]
    assert all((a["href"] or "").startswith("#") for a in page.all("a"))
    assert "alert(2)" in page.text
    assert "\x1b" not in page.words
    assert "\u202e" not in page.words


def test_the_page_asks_for_nothing_and_its_policy_admits_its_own_style_and_script_only(report: ReportInput) -> None:
    page = Page(render_auditor(report))
    policy = next(a["content"] or "" for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ")
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.inline[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert not [a for _, attributes in page.elements for a in attributes if a in ("src", "srcset", "data", "action")]
    assert not page.all("link")
    assert "url(" not in page.inline["style"]


def test_without_the_script_nothing_is_hidden_but_the_filter(report: ReportInput) -> None:
    hidden = [(tag, a.get("class")) for tag, a in Page(render_auditor(report)).elements if "hidden" in a]
    assert hidden == [("form", "tools")]


def test_an_expectation_shows_its_proof_or_that_it_is_unproven(report: ReportInput) -> None:
    text = Page(render_auditor(report)).text
    assert "Seen to fail with F-TOKEN-01-a: PKCE is optional." in text
    assert "Unproven: no seeded fault was seen to make it fail." in text
    assert "5 expectations are unproven" in text
    bare = Page(render_auditor(replace(report, kill_matrix=None))).text
    assert "no faults were run for this bundle" in bare


def test_a_fault_that_survived_is_no_proof(report: ReportInput) -> None:
    row = {"id": "F-TOKEN-02-a", "expectation": "TOKEN-02.E1", "verdict": "survived", "reason": "it did not fail"}
    text = Page(render_auditor(replace(report, kill_matrix={"faults": [row]}))).text
    assert "Fault survived: F-TOKEN-02-a, it did not fail" in text
    assert "6 expectations are unproven: TOKEN-01.E1, TOKEN-01.E2, TOKEN-02.E1," in text
    assert "0 of 1 were killed" in text


def test_what_the_policy_lets_through_is_told_apart_from_why_the_gate_does_not_pass(report: ReportInput) -> None:
    text = Page(render_auditor(report)).text
    assert "The gate does not pass for this reason." in text
    assert "1 thing that the policy lets through" in text


def test_sources_that_nobody_checked_are_visible(report: ReportInput) -> None:
    text = Page(render_auditor(report)).text
    assert "2 sources, 1 not checked against the text" in text
    assert "secondary: quoting pages" in text


def test_parameters_stand_beside_the_words_that_name_them(report: ReportInput) -> None:
    assert "TOKEN-01 MUST hold within P.leeway 60 s." in Page(render_auditor(report)).text


def test_on_a_narrow_page_the_basis_of_a_parameter_stands_below_its_numbers(report: ReportInput) -> None:
    page = Page(render_auditor(report))
    assert [a.get("data-label") for a in page.all("td") if "data-label" in a] == ["value", "ceiling"]
    narrow = page.inline["style"].partition("@media (max-width: 40rem)")[2].partition("@media print")[0]
    assert "plain stacked" in [a.get("class") for a in page.all("table")]
    assert ".stacked td:last-child { flex: 1 0 100%; }" in narrow


@pytest.mark.parametrize(
    ("seal", "words"),
    [
        (SealFacts("b", holds=False, breaches=(("digest", "findings.jsonl:3", "x"),)), "The seal does not hold"),
        (SealFacts("b"), "not audited"),
        (SealFacts("b", holds=True), "Who signed: the key is not one that you gave"),
    ],
)
def test_the_state_of_the_seal_is_told(report: ReportInput, seal: SealFacts, words: str) -> None:
    assert words in Page(render_auditor(replace(report, seal=seal))).text


def test_a_broken_seal_takes_the_green_from_a_gate_that_passes(report: ReportInput) -> None:
    broken = replace(report, decision=Decision(True, ()), seal=SealFacts("b", holds=False))
    classes = [a.get("class") or "" for a in Page(render_auditor(broken)).all("div")]
    assert "verdict passed" not in classes
    whole = replace(broken, seal=SealFacts("b", holds=True))
    assert "verdict passed" in [a.get("class") for a in Page(render_auditor(whole)).all("div")]


def test_a_mark_shows_as_a_chip_with_what_it_stands_for() -> None:
    chip = str(marked("a {{access_token:1a2b3c4d5e6f7081:412/b64[0:12]}} b"))
    assert ">access token 1a2b3c/b64[0:12]</span> b" in chip
    assert "redacted, 412 characters" in chip
    assert str(marked("{{<b>:1a2b3c4d5e6f7081:1}}")) == "{{&lt;b&gt;:1a2b3c4d5e6f7081:1}}"


def test_an_observation_is_cut_and_the_reader_told_where_it_is_whole(report: ReportInput) -> None:
    page = Page(render_auditor(replace(report, findings=report.findings[:1])))
    assert "Cut here; observations.jsonl has it whole." in page.text
    assert "GET https://id.dev.localhost/authorize → 302" in page.text
    assert page.text.count("z" * 2_500) == 0


def test_an_observation_that_shows_a_failure_is_there_in_full(report: ReportInput) -> None:
    assert "z" * 5_000 in Page(render_auditor(replace(report, findings=report.findings[1:2]))).text


def test_an_observation_that_a_finding_names_but_the_bundle_lacks_is_told(report: ReportInput) -> None:
    lost = dict(report.observations)
    del lost[report.findings[4].observations[0]]
    assert "1 of them is not in the bundle." in Page(render_auditor(replace(report, observations=lost))).text


def test_a_page_of_thousands_of_hostile_observations_stays_bounded(report: ReportInput, many: Many) -> None:
    found, seen = many(100, "<" * 4_000)
    html = render_auditor(replace(report, findings=found, observations=seen))
    assert len(seen) == 2_000
    assert len(html) < 1_500_000
    assert "more in observations.jsonl" in html


def test_findings_in_the_same_words_are_told_once(report: ReportInput, many: Many) -> None:
    found, seen = many(4, "")
    page = Page(render_auditor(replace(report, findings=found, observations=seen)))
    assert [a.get("class") for a in page.all("div")].count("statement failed") == 1


def test_an_empty_bundle_is_a_page_too(report: ReportInput) -> None:
    empty = replace(report, findings=(), observations={}, decision=None, kill_matrix=None, policy=None)
    assert "No gate was asked" in Page(render_auditor(empty)).text


def test_numbers_of_observations_are_joined() -> None:
    assert ranges(["3", "1", "2", "7", "x", "²", "9" * 5_000]) == "1–3, 7"
