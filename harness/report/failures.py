"""Failed expectations as a maintainer reads them: what was expected, what was seen, where, confirmed by what, what to
change, and the script that brings it about again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.checks import registry
from harness.model import ANY, Control, Expectation, Finding, Severity, Verdict, Waiver
from harness.observations import Confirmation, HttpExchange, Observation
from harness.report.curl_script import CurlScript, curl_script
from harness.report.report_input import ReportInput
from harness.report.slices import exchanges_of, first_trial, showing
from harness.report.symptoms import Shown, symptoms_of
from harness.report.verdicts import STAGE_ORDER, cell_name, in_any_stage, merged, stage_of

__all__ = ["Failure", "Sight", "failures", "script_name"]


@dataclass(frozen=True)
class Sight:
    """What was seen alike in one or several cells, in the words of the first; `symptoms` is all that is wrong there.
    `confirmed_by` names the client of the second trial, "" where there was none or nothing of it came over HTTP."""

    reason: str
    cells: tuple[str, ...]
    symptoms: tuple[Shown, ...]
    confirmed_by: str
    expected: Waiver | None

    @property
    def shown(self) -> tuple[Observation, ...]:
        """All that shows it."""
        return tuple({one.id: one for symptom in self.symptoms for one in symptom.by}.values())


@dataclass(frozen=True)
class Failure:
    """One failed expectation of one target. `remedy` is in the target's own terms, "" where nobody wrote one; `script`
    is None where nothing of it came over HTTP."""

    target: str
    control: Control
    expectation: Expectation
    clauses: tuple[str, ...]
    sights: tuple[Sight, ...]
    remedy: str
    script: CurlScript | None

    @property
    def stages(self) -> str:
        """The stages in which it failed."""
        found = {stage_of(cell) for sight in self.sights for cell in sight.cells}
        return ", ".join(stage for stage in STAGE_ORDER if stage in found and stage != ANY) or "any stage"

    @property
    def expected(self) -> bool:
        """Whether the target's description expects it in every cell."""
        return all(sight.expected for sight in self.sights)

    @property
    def change(self) -> str:
        """What to change: in the target's own terms, else what the control requires."""
        return self.remedy or self.control.requirement


def failures(report: ReportInput) -> tuple[Failure, ...]:
    """Those of the bundle, the severest first, else in the catalog's order."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    soonest_first = sorted(report.findings, key=lambda finding: _skipped(finding, report.observations))
    for finding in merged(soonest_first):
        control = finding.expectation.rpartition(".")[0]
        if finding.verdict is Verdict.FAILED and control in report.catalog.controls:
            groups.setdefault((finding.cell.partition("/")[0], finding.expectation), []).append(finding)
    order = {id: place for place, id in enumerate(report.catalog.controls)}
    found = [_failure(target, expectation, group, report) for (target, expectation), group in groups.items()]
    severities = list(Severity)
    return tuple(sorted(found, key=lambda f: (severities.index(f.control.severity), order[f.control.id])))


def script_name(failure: Failure, among: Sequence[Failure]) -> str:
    """The file of its script, in the folder `curl`; with the target's name where another target failed there too."""
    alone = sum(other.expectation.id == failure.expectation.id for other in among) == 1
    name = failure.expectation.id if alone else f"{failure.expectation.id}-{failure.target}"
    return re.sub(r"[^\w.-]", "_", name) + ".sh"


def _skipped(finding: Finding, observations: Mapping[str, Observation]) -> float:
    """Seconds by which the target's clock had to be set forward to see the failure: the fewer, the easier is it to
    see again."""
    shown = showing(finding, observations) if finding.verdict is Verdict.FAILED else ()
    return max((one.skipped for one in shown if isinstance(one, HttpExchange)), default=0.0)


def _failure(target: str, id: str, findings: Sequence[Finding], report: ReportInput) -> Failure:
    control = report.catalog.controls[id.rpartition(".")[0]]
    known = {expectation.id: expectation for expectation in control.expectations}
    in_order = sorted(findings, key=lambda f: (STAGE_ORDER.index(stage_of(f.cell)), f.cell))
    found = Failure(
        target=target,
        control=control,
        expectation=known.get(id, Expectation(id, "not in the catalog that the bundle carries")),
        clauses=_clauses(id, control, findings),
        sights=_sights(in_order, report.observations, report.expected_failures),
        remedy=report.remedies.get(target, {}).get(id, ""),
        script=None,
    )
    return _with_script(found, in_order[0], report)


def _with_script(failure: Failure, finding: Finding, report: ReportInput) -> Failure:
    seen = first_trial(finding, report.observations)
    head = (
        f"{failure.expectation.id}: {failure.expectation.text}",
        f"{', '.join(failure.clauses)}; {failure.control.severity} severity",
        "",
        f"Failed at {report.facts.version or failure.target}, in {failure.stages}: {finding.reason}",
        f"This repeats what was seen in {cell_name(finding.cell)}.",
    )
    script = curl_script(head, showing(finding, report.observations), seen, failure.clauses[0])
    return Failure(**{**vars(failure), "script": script})


def _clauses(id: str, control: Control, findings: Iterable[Finding]) -> tuple[str, ...]:
    """What the check judges by, then what the control rests on; a requirement of the catalog's own rests on nothing.
    So does what is wrong by no clause, where nothing else is."""
    check = registry.checks().get(id)
    own = [check.clause] if check else []
    wrong = [told for f in findings for told in ([symptom.text for symptom in f.symptoms] or [f.reason])]
    if registry.OWN_REQUIREMENT in own or all(map(registry.is_own_requirement, wrong)):
        return (registry.OWN_REQUIREMENT,)
    others = [source.ref for source in control.sources if not own or source.ref not in own[0]]
    return (*own, *others) or (control.id,)


def _sights(
    findings: Iterable[Finding], observations: Mapping[str, Observation], expected: Iterable[Waiver]
) -> tuple[Sight, ...]:
    """What was found alike in several cells told once, in the words of the first."""
    groups: dict[tuple[tuple[str, ...], str, Waiver | None], list[Finding]] = {}
    for finding in findings:
        waiver = next((waiver for waiver in expected if waiver.covers(finding)), None)
        told = (finding.reason, *(symptom.text for symptom in finding.symptoms))
        alike = tuple(in_any_stage(text) for text in told), _second_client(finding, observations), waiver
        groups.setdefault(alike, []).append(finding)
    return tuple(
        Sight(group[0].reason, tuple(f.cell for f in group), symptoms_of(group[0], observations), client, waiver)
        for (_, client, waiver), group in groups.items()
    )


def _second_client(finding: Finding, observations: Mapping[str, Observation]) -> str:
    """Its name; "" where nothing of what shows the failure came over HTTP, so that no client confirms it."""
    seen = [observations[id] for id in finding.observations if id in observations]
    exchanges = [one for one in seen if isinstance(one, HttpExchange)]
    if not exchanges_of(showing(finding, observations), exchanges):
        return ""
    return next((one.client for one in seen if isinstance(one, Confirmation)), "")
