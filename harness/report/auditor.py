"""The auditor's page: one static file in which every claim stands beside what it rests on and how to check it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from markupsafe import Markup

from harness.gate import NOTES, grouped
from harness.model import ANY, Finding, Parameter, Reason, Verdict
from harness.report.catalog_page import AREAS
from harness.report.commands import commands
from harness.report.dossiers import Dossier, dossiers
from harness.report.finding_cards import cards, lacks
from harness.report.pages import environment, marked
from harness.report.report_input import ReportInput, fault_rows
from harness.report.verdicts import ORDER, STAGE_ORDER, counted, merged, stage_of

__all__ = ["render_auditor"]

LISTED = 200  # reasons, faults that did not get killed, breaches: a page names so many and says how many more


def render_auditor(report: ReportInput) -> str:
    """The page as HTML. Whatever strings the evidence holds, they stay text, and the page asks for nothing outside."""
    found = merged(report.findings)
    all_dossiers = dossiers(report)
    made = environment()
    made.filters["moment"] = _moment
    made.filters["clause"] = lambda text: _with_parameters(text, report.catalog.parameters)
    return made.get_template("auditor.html.j2").render(
        report=report,
        facts=report.facts,
        seal=report.seal,
        counts=counted(found),
        total=len(found),
        cells=tuple(sorted({finding.cell for finding in report.findings})),
        stages=_stages(report.findings),
        dossiers=all_dossiers,
        sections=_sections(all_dossiers),
        cards=cards(report),
        lacks=lacks(report.findings, report.observations),
        unwritten=tuple(dossier for dossier in all_dossiers if not dossier.has_scenario),
        not_applicable=_by_reason(f for f in found if f.verdict is Verdict.NOT_APPLICABLE),
        blocking=_reasons(report, notes=False),
        notes=_reasons(report, notes=True),
        faults=fault_rows(report.kill_matrix),
        false_alarms=_false_alarms(report.kill_matrix),
        unproven=_unproven(all_dossiers),
        areas=_areas(all_dossiers),
        commands=commands(report.seal),
        duration=_duration(report.facts.started, report.facts.finished),
        listed=LISTED,
    )


def _sections(all_dossiers: Iterable[Dossier]) -> tuple[tuple[Verdict, tuple[Dossier, ...]], ...]:
    """Dossiers by their verdict, in the order in which they are to be read."""
    written = [dossier for dossier in all_dossiers if dossier.has_scenario]
    return tuple((verdict, tuple(d for d in written if d.verdict is verdict)) for verdict in ORDER)


def _areas(all_dossiers: Iterable[Dossier]) -> dict[str, list[Dossier]]:
    """Dossiers by the title of their area, in the specification's order; one that it does not know comes last."""
    areas: dict[str, list[Dossier]] = {title: [] for title in AREAS.values()}
    for dossier in all_dossiers:
        areas.setdefault(AREAS.get(dossier.control.area, dossier.control.area), []).append(dossier)
    return {title: group for title, group in areas.items() if group}


def _unproven(all_dossiers: Iterable[Dossier]) -> tuple[str, ...]:
    """Expectations that were judged by checks nobody saw fail."""
    rows = (row for dossier in all_dossiers if dossier.has_scenario for row in dossier.rows)
    return tuple(row.expectation.id for row in rows if not row.proven and not row.expectation.guard)


def _stages(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The stages that scenarios ran in, in the order of their rank."""
    ran = {stage_of(finding.cell) for finding in findings if finding.scenario}
    return tuple("compared" if stage == "all" else stage for stage in STAGE_ORDER if stage in ran and stage != ANY)


def _by_reason(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.reason, []).append(finding)
    return groups


def _reasons(report: ReportInput, *, notes: bool) -> tuple[Reason, ...]:
    reasons = report.decision.reasons if report.decision else ()
    return grouped(reason for reason in reasons if (reason.rule in NOTES) is notes)


def _false_alarms(kill_matrix: Mapping[str, object] | None) -> tuple[str, ...]:
    alarms = (kill_matrix or {}).get("false_alarms")
    return tuple(str(alarm) for alarm in alarms) if isinstance(alarms, list | tuple) else ()


def _with_parameters(text: str, parameters: Mapping[str, Parameter]) -> Markup:
    """The text escaped, what is in backquotes as code, and each `P.name` followed by the value that was used."""

    def used(found: re.Match[str]) -> str:
        parameter = parameters.get(found[1])
        if parameter is None:
            return found[0]
        return f'{found[0]}<span class="used"> {parameter.value:g} {marked(parameter.unit)}</span>'

    coded = re.sub(r"`([^`<>]+)`", r"<code>\1</code>", str(marked(text)))
    return Markup(re.sub(r"\bP\.([a-z_]+)\b", used, coded))


def _moment(time: str) -> str:
    """An ISO time as `2026-11-22 11:50:02 UTC`; what is none stays as it is."""
    try:
        return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError):
        return time


def _duration(started: str, finished: str) -> str:
    try:
        seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    except (ValueError, TypeError):
        return ""
    minutes, rest = divmod(max(seconds, 0), 60)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{rest:.1f} s"
