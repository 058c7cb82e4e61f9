"""All that is wrong of one finding, each symptom with what shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.model import Finding, Symptom
from harness.observations import Confirmation, Observation
from harness.report.slices import first_trial, showing, with_their_start

__all__ = ["LISTED", "Shown", "listed", "symptoms_of"]

LISTED = 200  # symptoms of one finding in a report; a hostile target could make any number


@dataclass(frozen=True)
class Shown:
    """A symptom, and the observations that show it, in the trial that it was seen in first. `trial` is the one trial
    that saw it, 0 where each one did."""

    text: str
    by: tuple[Observation, ...]
    trial: int = 0


def symptoms_of(finding: Finding, observations: Mapping[str, Observation]) -> tuple[Shown, ...]:
    """Those of the finding; of one that was written before there were symptoms, its reason."""
    if not finding.symptoms:
        shown = with_their_start(showing(finding, observations), first_trial(finding, observations))
        return (Shown(finding.reason, shown),)
    seen = [observations[id] for id in finding.observations if id in observations]
    twice = any(isinstance(one, Confirmation) for one in seen)
    return tuple(_shown(symptom, seen, observations, twice) for symptom in finding.symptoms)


def _shown(symptom: Symptom, seen: list[Observation], observations: Mapping[str, Observation], twice: bool) -> Shown:
    by = [observations[id] for id in symptom.shown_by if id in observations]
    trials = {one.trial for one in by}
    first = min(trials, default=1)
    earlier = [one for one in seen if one.trial == first]
    shown = with_their_start((one for one in by if one.trial == first), earlier)
    return Shown(symptom.text, shown, first if twice and len(trials) == 1 else 0)


def listed(finding: Finding) -> tuple[str, ...]:
    """The symptoms as lines of text, where there are more than the reason names or fewer than a page can hold."""
    texts = [symptom.text for symptom in finding.symptoms]
    if len(texts) < 2:
        return ()
    more = (f"and {len(texts) - LISTED:,} more, in findings.jsonl",) if len(texts) > LISTED else ()
    return (*texts[:LISTED], *more)
