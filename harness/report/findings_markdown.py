"""The failed expectations as Markdown, each section fit to paste into an issue of the target's tracker."""

from __future__ import annotations

from collections.abc import Iterator

from harness.observations import HttpExchange
from harness.report.failures import Failure, Sight, failures, script_name
from harness.report.markdown import fenced, folded, html_code, literal, table
from harness.report.report_input import ReportInput
from harness.report.symptoms import LISTED
from harness.report.transcripts import exchange_line, shown_text
from harness.report.verdicts import cell_name

__all__ = ["findings_markdown"]

WHOLE = 4_000  # characters of a reason, an expectation, a remedy
EXCHANGES = 30_000  # characters of exchanges in a section; a site takes some 65,000 in all


def findings_markdown(report: ReportInput) -> str:
    """All of them, the severest first. Strings of the target stay text."""
    found = failures(report)
    verified = literal(report.facts.version or report.facts.target)
    if not found:
        return f"# {verified}: no expectation failed\n"
    names = [script_name(failure, found) for failure in found]
    rows = [[literal(f.expectation.id), f.control.severity, f.stages, literal(f.sights[0].reason)] for f in found]
    count = f"{len(found)} expectation{'s' if len(found) > 1 else ''} failed"
    head = f"# {verified}: {count}\n\n{table(['expectation', 'severity', 'stages', 'what was seen'], rows)}"
    sections = ("\n\n".join(_section(f, name, report)) for f, name in zip(found, names, strict=True))
    return "\n\n".join([head, *sections]) + "\n"


def _section(failure: Failure, script: str, report: ReportInput) -> Iterator[str]:
    control = failure.control
    yield f"## {literal(failure.expectation.id)}: {literal(control.title)}"
    verified = literal(report.facts.version or failure.target)
    yield f"**{control.severity} severity** · {literal(', '.join(failure.clauses), WHOLE)} · seen at {verified}"
    yield f"**Stimulus.** {literal(' '.join(control.stimulus.split()), WHOLE)}"
    yield f"**Expected.** {literal(failure.expectation.text, WHOLE)}"
    if control.notes:
        yield f"**Notes.** {literal(' '.join(control.notes.split()), WHOLE)}"
    for sight in failure.sights:
        yield from _sight(sight)
    whose = "**What to change.**" if failure.remedy else "**What is required.**"
    yield f"{whose} {literal(failure.change, WHOLE)}"
    if failure.script is None:
        yield "There are no curl lines for it: it was not seen over HTTP alone."
        return
    yield f"**To see it again**, run `{script}`, which comes with this report. What it sends:"
    yield folded("curl lines", fenced(failure.script.requests, "sh"))


def _sight(sight: Sight) -> Iterator[str]:
    where = literal("; ".join(cell_name(cell) for cell in sight.cells), WHOLE)
    yield f"**Seen** in {where}: {literal(sight.reason, WHOLE)}"
    if sight.expected:
        until = f" until {literal(sight.expected.expires)}" if sight.expected.expires else ""
        yield f"The description of the target expects this{until}: {literal(sight.expected.reason, WHOLE)}"
    if sight.confirmed_by:
        client = literal(sight.confirmed_by)
        anew = "the scenario was run again from its start, with browsers anew and another HTTP client"
        yield f"Confirmed: {anew}, {client}."
    yield from _symptoms(sight)


def _symptoms(sight: Sight) -> Iterator[str]:
    """What shows each; of several, each in its words. An exchange is told once, and all together fit into an issue."""
    told: set[str] = set()
    left = EXCHANGES
    if len(sight.symptoms) > 1:
        yield f"{len(sight.symptoms)} symptoms, each with what shows it:"
    for number, symptom in enumerate(sight.symptoms[:LISTED], 1):
        if len(sight.symptoms) > 1:
            alone = f" (in the {'first' if symptom.trial == 1 else 'second'} trial only)" if symptom.trial else ""
            yield f"{number}. {literal(symptom.text, WHOLE)}{alone}"
        for one in symptom.by:
            if isinstance(one, HttpExchange) and one.id not in told:
                told.add(one.id)
                text = shown_text(one) if left > 0 else f"It is {one.id} in observations.jsonl."
                left -= len(text)
                yield folded(html_code(f"{one.case}: {exchange_line(one)}"), fenced(text))
    if len(sight.symptoms) > LISTED:
        yield f"{len(sight.symptoms) - LISTED:,} more symptoms are in `findings.jsonl`."
