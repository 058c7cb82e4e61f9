"""A Markdown summary of a run, for a CI job's page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from harness.gate import NOTES
from harness.model import Catalog, Decision, Finding, Reason, Verdict
from harness.report.report_input import ReportInput, fault_rows
from harness.report.verdicts import ORDER, WORDS, by_control, cell_name, counted, merged, ran, visible, worst

__all__ = ["markdown_summary"]

LISTED = 40  # rows of one table; a CI page takes 1 MiB in all
REASON = 240  # characters of a reason

# What Markdown or HTML would act on. A mention (@) and an issue (#) of the CI's own site are text here.
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>()#+!|~@&$:])")


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
    scope = f"\n\nAsked about {_text(', '.join(decision.scope))} only." if decision.scope else ""
    return f"## Authassay: {'✅ the gate passes' if decision.passed else '❌ the gate does not pass'}{scope}"


def _counts(found: Sequence[Finding]) -> str:
    counts = counted(found)
    return _table([WORDS[verdict] for verdict in ORDER], [[str(counts[verdict]) for verdict in ORDER]])


def _blocking(decision: Decision | None) -> str:
    reasons: list[Reason] = [r for r in decision.reasons if r.rule not in NOTES] if decision else []
    rows = [[_text(r.rule), _text(r.subject), _text(r.detail)] for r in reasons[:LISTED]]
    return _titled("Why", _table(["rule", "subject", "detail"], rows), len(reasons)) if rows else ""


def _open(found: Sequence[Finding]) -> str:
    """What failed, and what is unknown."""
    verdicts = (Verdict.FAILED, Verdict.UNKNOWN)
    bad = [finding for verdict in verdicts for finding in found if finding.verdict is verdict]
    rows = [[WORDS[f.verdict], _text(f.expectation), _text(cell_name(f.cell)), _text(f.reason)] for f in bad[:LISTED]]
    head = ["verdict", "expectation", "cell", "reason"]
    return _titled("Failed and unknown", _table(head, rows), len(bad)) if rows else ""


def _controls(found: Sequence[Finding], catalog: Catalog) -> str:
    """The controls that ran, folded; and how many did not."""
    controls = by_control(found, catalog)
    shown = {id: own for id, own in controls.items() if ran(own)}
    rows = [[_text(id), _title(id, catalog), WORDS[worst(own)], _share(own)] for id, own in shown.items()]
    folded = _folded(f"{len(shown)} controls ran", _table(["control", "", "worst", "passed"], rows)) if rows else ""
    rest = len(controls) - len(shown)
    return folded + (f"\n\n{rest} controls were not run. Not run is not passed." if rest else "")


def _faults(kill_matrix: Mapping[str, object] | None) -> str:
    if kill_matrix is None:
        return "No seeded faults were run: every expectation is unproven."
    rows = fault_rows(kill_matrix)
    alive = [row for row in rows if row.verdict != "killed"]
    told = "".join(f"\n- {_text(row.id)}: {_text(row.verdict)}, {_text(row.reason)}" for row in alive[:LISTED])
    return f"{len(rows) - len(alive)} of {len(rows)} seeded faults were killed.{told}"


def _places(places: Mapping[str, str]) -> str:
    return "\n".join(f"- {_text(name)}: {_text(place)}" for name, place in places.items())


def _titled(title: str, table: str, count: int) -> str:
    more = f"\n\nAnd {count - LISTED} more." if count > LISTED else ""
    return f"### {title}\n\n{table}{more}"


def _folded(summary: str, body: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _share(findings: Sequence[Finding]) -> str:
    return f"{sum(finding.verdict is Verdict.PASSED for finding in findings)} of {len(findings)}"


def _title(id: str, catalog: Catalog) -> str:
    return _text(catalog.controls[id].title) if id in catalog.controls else ""


def _text(text: str) -> str:
    """The text on one line, as GitHub Flavored Markdown shows it literally: what is active becomes a reference."""
    line = " ".join(visible(text).split())
    cut = f"{line[:REASON]}…" if len(line) > REASON else line
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", cut)
