"""Each control as an auditor reads it: its expectations by its cells, with reason, basis, check and proof."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.model import ANY, Basis, Catalog, Control, Expectation, Finding, Severity, Verdict
from harness.report.report_input import FaultRow, ReportInput, fault_rows
from harness.report.transcripts import Evidence, anchor, gather, ranges
from harness.report.verdicts import STAGE_ORDER, by_control, merged, stage_of, worst

__all__ = ["Column", "Dossier", "Ground", "Row", "Statement", "dossiers"]

REASON = 400  # characters of a reason that a page shows; findings.jsonl has it whole
NOTHING = (Verdict.NOT_RUN, Verdict.NOT_APPLICABLE)  # verdicts of which nothing was verified
AXES = ("target", "os", "stage", "browser", "store")


@dataclass(frozen=True)
class Column:
    """A cell of a matrix, named by what tells it from its neighbours."""

    cell: str
    label: str


@dataclass(frozen=True)
class Ground:
    """Observations that a finding rests on: their numbers (`1–3, 7`) in one scenario, run in the cell of a column."""

    scenario: str
    label: str
    numbers: str

    @property
    def anchor(self) -> str:
        return anchor(self.scenario)


@dataclass(frozen=True)
class Statement:
    """What was found in one or several cells, in the same words, and what it rests on."""

    verdict: Verdict
    reason: str
    basis: Basis
    retried: bool
    cells: tuple[str, ...]
    rests_on: tuple[Ground, ...]


@dataclass(frozen=True)
class Row:
    """One expectation. `marks` has a verdict for each column, None where the cell does not concern it."""

    expectation: Expectation
    verdict: Verdict
    marks: tuple[Verdict | None, ...]
    statements: tuple[Statement, ...]
    checks: tuple[str, ...]
    faults: tuple[FaultRow, ...]

    @property
    def proven(self) -> bool:
        """Whether a seeded fault was seen to make it fail."""
        return any(fault.verdict == "killed" for fault in self.faults)


@dataclass(frozen=True)
class Dossier:
    """One control. `shared` is what all its cells have in common; `elsewhere` are the controls whose dossier shows
    the evidence of scenarios that they share with this one. `exercised`: something came of it in some cell."""

    control: Control
    verdict: Verdict
    shared: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    evidence: tuple[Evidence, ...]
    elsewhere: tuple[str, ...]
    has_scenario: bool
    exercised: bool

    @property
    def search(self) -> str:
        """What a reader's filter looks through."""
        control = self.control
        return " ".join((control.id, control.title, control.area, control.severity, *(c.label for c in self.columns)))


def dossiers(report: ReportInput) -> tuple[Dossier, ...]:
    """One per control that has a finding, in the catalog's order."""
    evidence = gather(report.findings, report.observations)
    faults = defaultdict(list)
    for fault in fault_rows(report.kill_matrix):
        faults[fault.expectation].append(fault)
    shown: dict[str, str] = {}
    return tuple(
        _dossier(_control(id, report.catalog), found, evidence, faults, shown)
        for id, found in by_control(report.findings, report.catalog).items()
    )


def _dossier(
    control: Control,
    findings: Sequence[Finding],
    evidence: Mapping[str, Evidence],
    faults: Mapping[str, Sequence[FaultRow]],
    shown: dict[str, str],
) -> Dossier:
    """`shown` maps scenarios to the control whose dossier shows their evidence, and grows."""
    shared, columns = _columns(finding.cell for finding in findings)
    scenarios = tuple(dict.fromkeys(f.scenario for f in findings if f.scenario in evidence))
    owners = {scenario: shown.setdefault(scenario, control.id) for scenario in scenarios}
    return Dossier(
        control=control,
        verdict=worst(findings),
        shared=shared,
        columns=columns,
        rows=tuple(_row(e, findings, columns, faults.get(e.id, ())) for e in _expectations(control, findings)),
        evidence=tuple(evidence[scenario] for scenario in scenarios if owners[scenario] == control.id),
        elsewhere=tuple(sorted({owner for owner in owners.values() if owner != control.id})),
        has_scenario=any(finding.scenario for finding in findings),
        exercised=any(finding.verdict not in NOTHING for finding in findings),
    )


def _row(
    expectation: Expectation, findings: Sequence[Finding], columns: Sequence[Column], faults: Iterable[FaultRow]
) -> Row:
    own = [finding for finding in findings if finding.expectation == expectation.id]
    verdicts = {finding.cell: finding.verdict for finding in merged(own)}
    return Row(
        expectation=expectation,
        verdict=worst(own),
        marks=tuple(verdicts.get(column.cell) for column in columns),
        statements=_statements(own, {column.cell: column.label for column in columns}),
        checks=tuple(sorted({finding.check for finding in own if finding.check})),
        faults=tuple(faults),
    )


def _statements(findings: Iterable[Finding], labels: Mapping[str, str]) -> tuple[Statement, ...]:
    """Findings in the same words told once, the worst first."""
    groups: dict[tuple[Verdict, str, Basis, bool], list[Finding]] = {}
    for f in findings:
        groups.setdefault((f.verdict, f.reason, f.basis, f.retried), []).append(f)
    return tuple(
        Statement(verdict, _shortened(reason), basis, retried, _cells(group, labels), _rests_on(group, labels))
        for (verdict, reason, basis, retried), group in sorted(groups.items(), key=lambda item: _rank(item[0][0]))
    )


def _cells(findings: Iterable[Finding], labels: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(labels[finding.cell] for finding in findings))


def _rests_on(findings: Iterable[Finding], labels: Mapping[str, str]) -> tuple[Ground, ...]:
    return tuple(
        Ground(f.scenario, labels[f.cell], ranges(id.rpartition("#")[2] for id in f.observations))
        for f in findings
        if f.observations
    )


def _columns(cells: Iterable[str]) -> tuple[str, tuple[Column, ...]]:
    """What the cells have in common, and each cell by what tells it apart."""
    ids = sorted(set(cells), key=_stage_order)
    split = [id.split("/") if id.count("/") == 4 else [id, *[ANY] * 4] for id in ids]
    varying = [axis for axis in range(5) if len({parts[axis] for parts in split}) > 1]
    if not varying and split:
        varying = [axis for axis in (2, 4, 3, 1, 0) if split[0][axis] != ANY][:1]
    shared = [split[0][axis] for axis in range(5) if axis not in varying and split[0][axis] != ANY] if split else []
    names = [[f"any {AXES[a]}" if parts[a] == ANY else parts[a] for a in varying] for parts in split]
    return " · ".join(shared), tuple(Column(id, " · ".join(name)) for id, name in zip(ids, names, strict=True))


def _stage_order(cell: str) -> tuple[int, str]:
    """Stages in the order of their rank, not of the alphabet."""
    return STAGE_ORDER.index(stage_of(cell)), cell


def _control(id: str, catalog: Catalog) -> Control:
    unknown = "This control is not in the catalog that the bundle carries."
    return catalog.controls.get(id) or Control(id, "?", "not in the catalog", unknown, "", Severity.HIGH, "", "", ())


def _expectations(control: Control, findings: Iterable[Finding]) -> list[Expectation]:
    """Those of the catalog, judged or not, then those that only the findings name."""
    known = {expectation.id: expectation for expectation in control.expectations}
    strange = dict.fromkeys(f.expectation for f in findings if f.expectation not in known)
    return [*known.values(), *(Expectation(id, "not in the catalog that the bundle carries") for id in strange)]


def _shortened(reason: str) -> str:
    if len(reason) <= REASON:
        return reason
    return f"{reason[:REASON]}… ({len(reason):,} characters; findings.jsonl has it whole)"


def _rank(verdict: Verdict) -> int:
    return list(Verdict).index(verdict)
