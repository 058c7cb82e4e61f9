"""A Markdown summary of a run, for a CI job's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.gate import NOTES, grouped
from harness.model import Catalog, Decision, Finding, Verdict
from harness.report.markdown import folded, html_code, literal, table
from harness.report.report_input import ReportInput, fault_rows
from harness.report.symptoms import listed
from harness.report.verdicts import ORDER, WORDS, by_control, cell_name, counted, merged, ran, worst

__all__ = ["markdown_summary"]

LISTED = 40  # rows of one table; a CI page takes 1 MiB in all
SYMPTOMS = 200_000  # characters of those that no reason names


def markdown_summary(report: ReportInput, places: Mapping[str, str] | None = None) -> str:
    """The summary: decision, counts, what did not pass, the controls that ran. `places` maps the name of a result
    (`auditor's page`) to where it lies. Strings of the target stay text."""
    found = merged(report.findings)
    parts = [
        _head(report.decision),
        _counts(found),
        _blocking(report.decision),
        _open(found),
        _controls(found, report.catalog),
        _faults(report.kill_matrix),
        _places(places or {}),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(decision: Decision | None) -> str:
    if decision is None:
        return "## Authassay: findings, no gate asked"
    scope = f"\n\nAsked about {literal(', '.join(decision.scope))} only." if decision.scope else ""
    return f"## Authassay: {'✅ the gate passes' if decision.passed else '❌ the gate does not pass'}{scope}"


def _counts(found: Sequence[Finding]) -> str:
    counts = counted(found)
    return table([WORDS[verdict] for verdict in ORDER], [[str(counts[verdict]) for verdict in ORDER]])


def _blocking(decision: Decision | None) -> str:
    reasons = grouped(r for r in decision.reasons if r.rule not in NOTES) if decision else ()
    rows = [[literal(r.rule), literal(r.subject), literal(r.detail)] for r in reasons[:LISTED]]
    return _titled("Why", table(["rule", "subject", "detail"], rows), len(reasons)) if rows else ""


def _open(found: Sequence[Finding]) -> str:
    """What failed, and what is unknown."""
    verdicts = (Verdict.FAILED, Verdict.UNKNOWN)
    bad = [finding for verdict in verdicts for finding in found if finding.verdict is verdict]
    rows = [
        [WORDS[f.verdict], literal(f.expectation), literal(cell_name(f.cell)), literal(f.reason)] for f in bad[:LISTED]
    ]
    head = ["verdict", "expectation", "cell", "reason"]
    told = _titled("Failed and unknown", table(head, rows), len(bad)) if rows else ""
    return "\n\n".join([told, *_all_symptoms(bad[:LISTED])]) if told else ""


def _all_symptoms(bad: Sequence[Finding]) -> Iterator[str]:
    """Of each finding that has several, as long as the page can take them."""
    left = SYMPTOMS
    for finding in bad:
        told = _symptoms(finding) if len(finding.symptoms) > 1 else ""
        left -= len(told)
        if left < 0:
            yield "The other symptoms are in `findings.md`."
            return
        if told:
            yield told


def _symptoms(finding: Finding) -> str:
    """All that is wrong of one finding, folded."""
    head = f"{finding.expectation} in {cell_name(finding.cell)}: {len(finding.symptoms)} symptoms"
    lines = (f"{number}. {literal(text)}" for number, text in enumerate(listed(finding), 1))
    return folded(html_code(head), "\n".join(lines))


def _controls(found: Sequence[Finding], catalog: Catalog) -> str:
    """The controls that ran, folded; and how many did not."""
    controls = by_control(found, catalog)
    shown = {id: own for id, own in controls.items() if ran(own)}
    rows = [[literal(id), _title(id, catalog), WORDS[worst(own)], _share(own)] for id, own in shown.items()]
    told = folded(f"{len(shown)} controls ran", table(["control", "", "worst", "passed"], rows)) if rows else ""
    rest = len(controls) - len(shown)
    return told + (f"\n\n{rest} controls were not run. Not run is not passed." if rest else "")


def _faults(kill_matrix: Mapping[str, object] | None) -> str:
    if kill_matrix is None:
        return "No seeded faults were run: every expectation is unproven."
    rows = fault_rows(kill_matrix)
    alive = [row for row in rows if row.verdict != "killed"]
    told = "".join(f"\n- {literal(row.id)}: {literal(row.verdict)}, {literal(row.reason)}" for row in alive[:LISTED])
    return f"{len(rows) - len(alive)} of {len(rows)} seeded faults were killed.{told}"


def _places(places: Mapping[str, str]) -> str:
    return "\n".join(f"- {literal(name)}: {literal(place)}" for name, place in places.items())


def _titled(title: str, rows: str, count: int) -> str:
    more = f"\n\nAnd {count - LISTED} more." if count > LISTED else ""
    return f"### {title}\n\n{rows}{more}"


def _share(findings: Sequence[Finding]) -> str:
    return f"{sum(finding.verdict is Verdict.PASSED for finding in findings)} of {len(findings)}"


def _title(id: str, catalog: Catalog) -> str:
    return literal(catalog.controls[id].title) if id in catalog.controls else ""
