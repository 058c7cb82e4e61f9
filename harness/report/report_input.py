"""What a report is made of, apart from where it came from: facts of the run, findings, observations, decision, seal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.model import Catalog, Decision, Finding, Policy, Waiver
from harness.observations import Observation

__all__ = ["FaultRow", "ReportInput", "RunFacts", "SealFacts", "fault_rows"]


@dataclass(frozen=True)
class RunFacts:
    """What was verified, when, by what. `target` names the targets, `version` names them with their versions; times are
    ISO 8601; `machine` and `tools` map names to what was recorded; `searched` says how the bundle was searched for
    secrets before it was sealed."""

    target: str
    version: str = ""
    commit: str = ""
    started: str = ""
    finished: str = ""
    machine: Mapping[str, str] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    searched: str = ""

    @property
    def subject(self) -> str:
        """The targets that the run is about: the harness itself, `self`, is named only where it is alone."""
        names = [name for name in self.target.split(", ") if name != "self"]
        return ", ".join(names) or self.target


@dataclass(frozen=True)
class SealFacts:
    """What an audit said of the bundle. `holds` is None where none was made. `signer` names the key, or `unverified`;
    `breaches` are (kind, place, detail); `digests` map what was digested to its SHA-256. `bundle` and `public_key` are
    file names, as the reader's commands need them."""

    bundle: str
    public_key: str = ""
    holds: bool | None = None
    signer: str = "unverified"
    digests: Mapping[str, str] = field(default_factory=dict)
    breaches: tuple[tuple[str, str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FaultRow:
    """What became of one seeded fault; `failed` are all expectations that failed with it in place."""

    id: str
    expectation: str
    verdict: str
    reason: str = ""
    defect: str = ""
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportInput:
    """All that a report shows. `kill_matrix` is a kill-matrix.json, None where no faults were run. Of what the targets'
    descriptions say: `remedies` by target and expectation, and the failures that they expect."""

    facts: RunFacts
    catalog: Catalog
    findings: tuple[Finding, ...]
    observations: Mapping[str, Observation]
    seal: SealFacts
    decision: Decision | None = None
    policy: Policy | None = None
    kill_matrix: Mapping[str, object] | None = None
    remedies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    expected_failures: tuple[Waiver, ...] = ()


def fault_rows(kill_matrix: Mapping[str, object] | None) -> tuple[FaultRow, ...]:
    """The rows of a kill matrix, in its order. What is no row is left out: a report shows, the gate complains."""
    rows = (kill_matrix or {}).get("faults")
    return tuple(_row(row) for row in rows if isinstance(row, Mapping)) if isinstance(rows, list | tuple) else ()


def _row(row: Mapping[str, object]) -> FaultRow:
    failed = row.get("failed")
    words = {name: str(row.get(name, "")) for name in ("id", "expectation", "verdict", "reason", "defect")}
    return FaultRow(**words, failed=tuple(str(id) for id in failed) if isinstance(failed, list | tuple) else ())
