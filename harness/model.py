"""The words of the product as frozen types. Standard library only; everything else imports this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

__all__ = [
    "ANY",
    "STAGES",
    "Basis",
    "Catalog",
    "Cell",
    "Control",
    "Decision",
    "Expectation",
    "Finding",
    "Judgement",
    "Parameter",
    "Policy",
    "Reason",
    "SeededFault",
    "Severity",
    "Source",
    "Symptom",
    "Verdict",
    "Waiver",
    "merge",
]

STAGES = ("dev", "staging", "prod")
ANY = "any"  # a cell's axis that does not matter to the scenario


class Verdict(StrEnum):
    """What is known of one expectation in one cell, the worst first; NOT_APPLICABLE stands aside."""

    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_RUN = "not_run"
    PASSED = "passed"
    NOT_APPLICABLE = "not_applicable"


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several; of none, NOT_RUN. NOT_APPLICABLE counts only where nothing else was said."""
    seen = set(verdicts)
    return next((verdict for verdict in Verdict if verdict in seen), Verdict.NOT_RUN)


class Basis(StrEnum):
    """Who saw it: a machine, or a person who attests it."""

    MACHINE = "machine"
    ATTESTED = "attested"


class Severity(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, order=True)
class Cell:
    """One point of the matrix. An axis that does not matter is `any`; `stage` is `all` where stages are compared."""

    target: str
    os: str
    stage: str = ANY
    browser: str = ANY
    store: str = ANY

    @property
    def id(self) -> str:
        return "/".join((self.target, self.os, self.stage, self.browser, self.store))

    @classmethod
    def parse(cls, text: str) -> Cell:
        """The cell with this id. Raises ValueError unless it has five parts."""
        parts = text.split("/")
        if len(parts) != 5:
            raise ValueError(f"{text!r} is no cell: expected target/os/stage/browser/store")
        return cls(*parts)

    def matches(self, pattern: str) -> bool:
        """Whether a shell-style pattern over the id (`*/linux/prod/*/*`) covers this cell."""
        return fnmatchcase(self.id, pattern)


@dataclass(frozen=True)
class Source:
    """A clause that a control rests on, and how far its text was checked."""

    ref: str
    status: str


@dataclass(frozen=True)
class SeededFault:
    """A defect that the catalog lists; `caught_by` is the id of the expectation that must fail."""

    id: str
    defect: str
    caught_by: str


@dataclass(frozen=True)
class Expectation:
    """One numbered expectation (`TOKEN-10.E2`). `guard` says why no fault is seeded for it, where none can be."""

    id: str
    text: str
    guard: str | None = None


@dataclass(frozen=True)
class Control:
    """A requirement with its sources and expectations; `title` names it and `requirement` is its normative text."""

    id: str
    area: str
    title: str
    requirement: str
    seed: str
    severity: Severity
    given: str
    stimulus: str
    expectations: tuple[Expectation, ...]
    faults: tuple[SeededFault, ...] = ()
    sources: tuple[Source, ...] = ()
    observe: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()
    risk_rank: int | None = None
    notes: str = ""


@dataclass(frozen=True)
class Parameter:
    """A policy parameter: its value as used, unit, the ceiling no target may exceed, and the clause it rests on."""

    name: str
    value: float
    unit: str
    basis: str
    ceiling: float | None = None


@dataclass(frozen=True)
class Catalog:
    """All controls by id, and the policy parameters by name. `digest` is the SHA-256 of its canonical JSON."""

    controls: Mapping[str, Control]
    parameters: Mapping[str, Parameter]
    digest: str = ""

    def expectation(self, id: str) -> Expectation:
        """The expectation with this id (`TOKEN-10.E2`). Raises KeyError."""
        control = self.controls[id.rpartition(".")[0]]
        return next(e for e in control.expectations if e.id == id)


@dataclass(frozen=True)
class Symptom:
    """One thing that is wrong, in a few words, and the ids of the observations that show it."""

    text: str
    shown_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """What a check concludes; `reason` is one sentence that an auditor understands. `shown_by`: the ids of the
    observations that show what the reason of a failure names. `symptoms`: all that is wrong, of which a reason names
    the first few."""

    verdict: Verdict
    reason: str
    shown_by: tuple[str, ...] = ()
    symptoms: tuple[Symptom, ...] = ()


@dataclass(frozen=True)
class Finding:
    """The verdict on one expectation in one cell, by one scenario ("" where none exists), with what it rests on.
    `shown_by`: those of its observations that show what a failure's reason names; `symptoms`: all that is wrong."""

    expectation: str
    cell: str
    verdict: Verdict
    basis: Basis
    reason: str
    scenario: str = ""
    observations: tuple[str, ...] = ()
    check: str = ""  # name and digest of the check's source
    retried: bool = False
    shown_by: tuple[str, ...] = ()
    symptoms: tuple[Symptom, ...] = ()


@dataclass(frozen=True)
class Waiver:
    """A failed expectation that is accepted for a time. `expires` is an ISO date, the last day it holds; `file` and
    `line` are where it is written, the policy's own file where none is named."""

    control: str
    cell: str
    reason: str
    owner: str
    expires: str
    line: int = 0
    file: str = ""

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding, by expectation or control, and by cell."""
        named = (finding.expectation, finding.expectation.rpartition(".")[0])
        return self.control in named and fnmatchcase(finding.cell, self.cell)


@dataclass(frozen=True)
class Policy:
    """What must hold. `controls` are patterns of what is gated; of these, `only_if_asked` maps those to their reason
    that are gated on only where they were asked for; `may_be_not_run` and `may_be_not_applicable` map a cell pattern to
    its reason."""

    name: str
    controls: tuple[str, ...]
    only_if_asked: Mapping[str, str] = field(default_factory=dict)
    may_be_not_run: Mapping[str, str] = field(default_factory=dict)
    may_be_not_applicable: Mapping[str, str] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    require_kill_matrix: bool = False
    file: str = ""


@dataclass(frozen=True)
class Reason:
    """Why the gate decided so: the rule, what it met, and the detail."""

    rule: str
    subject: str
    detail: str


@dataclass(frozen=True)
class Decision:
    """What the gate says. `scope` are the control patterns it was asked about, empty for all of the policy."""

    passed: bool
    reasons: tuple[Reason, ...]
    scope: tuple[str, ...] = ()
