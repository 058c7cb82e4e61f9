"""What two trials of one scenario come to: a failure counts only where it was seen twice."""

from __future__ import annotations

from collections.abc import Sequence

from harness.checks.symptoms import joined, reason_of, shown_by
from harness.model import Judgement, Verdict

__all__ = ["confirmed"]


def confirmed(trials: Sequence[Judgement]) -> Judgement:
    """The judgement of one trial, or of two together: failed where both failed, unknown where only one did."""
    if len(trials) == 1:
        return trials[0]
    first, second = trials[0], trials[-1]
    failures = [trial for trial in (first, second) if trial.verdict is Verdict.FAILED]
    if len(failures) == 2:
        return _both(first, second)
    if not failures:
        return first
    other = second if failures[0] is first else first
    return Judgement(
        Verdict.UNKNOWN,
        f"it failed in one of two trials and was not confirmed ({failures[0].reason}; the other: {other.reason})",
        failures[0].shown_by,
        failures[0].symptoms,
    )


def _both(first: Judgement, second: Judgement) -> Judgement:
    """Failed for what both saw; in the words of the first where they say nothing alike."""
    symptoms = joined(first.symptoms, second.symptoms)
    twice = symptoms[: len(first.symptoms) + len(second.symptoms) - len(symptoms)]
    if not twice:
        return Judgement(Verdict.FAILED, first.reason, (*first.shown_by, *second.shown_by), symptoms)
    shown = shown_by(twice)
    return Judgement(Verdict.FAILED, reason_of(twice), shown, symptoms)
