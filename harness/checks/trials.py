"""What two trials of one scenario come to: a failure counts only where it was seen twice."""

from __future__ import annotations

from collections.abc import Sequence

from harness.checks.symptoms import joined, reason_of, shown_by
from harness.model import Judgement, Verdict

__all__ = ["confirmed"]


def confirmed(trials: Sequence[Judgement]) -> Judgement:
    """The judgement of one trial, or of two together: failed where both failed, unknown where only one did,
    or each in a way of its own."""
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
    """Failed for what both saw; unknown where they saw nothing alike: then each failure was seen only once."""
    symptoms = joined(first.symptoms, second.symptoms)
    twice = symptoms[: len(first.symptoms) + len(second.symptoms) - len(symptoms)]
    if not twice:
        told = f"two trials failed in different ways, and neither confirms the other ({first.reason}; {second.reason})"
        return Judgement(Verdict.UNKNOWN, told, (*first.shown_by, *second.shown_by), symptoms)
    return Judgement(Verdict.FAILED, reason_of(twice), shown_by(twice), symptoms)
