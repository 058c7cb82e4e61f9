"""Failed expectations as the auditor's page shows them, and what the targets do not offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.model import ANY, Finding
from harness.observations import Absence, Observation
from harness.report.failures import Failure, Sight, failures, script_name
from harness.report.report_input import ReportInput
from harness.report.symptoms import LISTED, Shown
from harness.report.transcripts import WHOLE, Transcript, transcript
from harness.report.verdicts import STAGE_ORDER, in_any_stage, stage_of

__all__ = ["Card", "CardSight", "CardSymptom", "Lack", "cards", "lacks"]

SHOWN = 6  # observations of one symptom
BUDGET = 600_000  # characters of markup for all


@dataclass(frozen=True)
class CardSymptom:
    """One thing that is wrong, with what shows it: those not shown before, and the numbers of all that are."""

    symptom: Shown
    shown: tuple[Transcript, ...]
    before: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class CardSight:
    """What was seen, in one or several symptoms; `more` symptoms are in findings.jsonl alone."""

    sight: Sight
    symptoms: tuple[CardSymptom, ...]
    more: int


@dataclass(frozen=True)
class Card:
    """A failed expectation; `script` is the name of the file with its curl lines."""

    failure: Failure
    sights: tuple[CardSight, ...]
    script: str


@dataclass(frozen=True)
class Lack:
    """A capability that a target does not offer, why, whether its description declares that, and in which stages."""

    capability: str
    reason: str
    declared: bool
    stages: str


def cards(report: ReportInput) -> tuple[Card, ...]:
    """One per failed expectation and target, the severest first."""
    found, budget = failures(report), _Budget()
    return tuple(
        Card(failure, tuple(_sight(sight, budget) for sight in failure.sights), script_name(failure, found))
        for failure in found
    )


@dataclass
class _Budget:
    left: int = BUDGET

    def transcript(self, observation: Observation) -> Transcript:
        """As much of its text as is left for it."""
        made = transcript(observation, min(WHOLE, max(self.left, 0) // 2))
        self.left -= len(made.text)
        return made


def _sight(sight: Sight, budget: _Budget) -> CardSight:
    shown: set[str] = set()
    symptoms = tuple(_symptom(symptom, shown, budget) for symptom in sight.symptoms[:LISTED])
    return CardSight(sight, symptoms, len(sight.symptoms) - len(symptoms))


def _symptom(symptom: Shown, shown: set[str], budget: _Budget) -> CardSymptom:
    """`shown` are the ids of what the sight has shown already, and grows."""
    first = symptom.by[:SHOWN]
    new = [one for one in first if one.id not in shown]
    before = tuple(one.id.rpartition("#")[2] for one in first if one.id in shown)
    shown.update(one.id for one in first)
    return CardSymptom(symptom, tuple(map(budget.transcript, new)), before, len(symptom.by) - len(first))


def lacks(findings: Iterable[Finding], observations: Mapping[str, Observation]) -> tuple[Lack, ...]:
    """What scenarios would have used and did not find, told once."""
    reasons: dict[tuple[str, str, bool], str] = {}
    stages: dict[tuple[str, str, bool], set[str]] = {}
    for finding in findings:
        for one in (observations.get(id) for id in finding.observations):
            if isinstance(one, Absence):
                alike = one.capability, in_any_stage(one.reason), one.declared
                reasons.setdefault(alike, one.reason)
                stages.setdefault(alike, set()).add(stage_of(finding.cell))
    return tuple(Lack(key[0], reasons[key], key[2], _named(stages[key])) for key in sorted(reasons))


def _named(stages: set[str]) -> str:
    return ", ".join(stage for stage in STAGE_ORDER if stage in stages and stage != ANY)
