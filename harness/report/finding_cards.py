"""Failed expectations as the auditor's page shows them, and what the targets do not offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.model import ANY, Finding
from harness.observations import Absence, Observation
from harness.report.failures import Failure, Sight, failures, script_name
from harness.report.report_input import ReportInput
from harness.report.transcripts import WHOLE, Transcript, transcript
from harness.report.verdicts import STAGE_ORDER, in_any_stage, stage_of

__all__ = ["Card", "CardSight", "Lack", "cards", "lacks"]

SHOWN = 6  # observations of one sight
BUDGET = 600_000  # characters of markup for all


@dataclass(frozen=True)
class CardSight:
    """What was seen, with what shows it; `more` observations show it as well."""

    sight: Sight
    shown: tuple[Transcript, ...]
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
    found, left = failures(report), BUDGET
    made = []
    for failure in found:
        sights = []
        for sight in failure.sights:
            shown = [transcript(one, min(WHOLE, max(left, 0) // 2)) for one in sight.shown[:SHOWN]]
            left -= sum(len(one.text) for one in shown)
            sights.append(CardSight(sight, tuple(shown), len(sight.shown) - len(shown)))
        made.append(Card(failure, tuple(sights), script_name(failure, found)))
    return tuple(made)


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
