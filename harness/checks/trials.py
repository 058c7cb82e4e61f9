"""What two trials of one scenario come to: a failure counts only where it was seen twice."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model import Judgement, Verdict

__all__ = ["confirmed"]


def confirmed(trials: Sequence[Judgement]) -> Judgement:
    """The judgement of one trial, or of two together: failed where both failed, unknown where only one did."""
    if len(trials) == 1:
        return trials[0]
    first, second = trials[0], trials[-1]
    failures = [trial for trial in (first, second) if trial.verdict is Verdict.FAILED]
    if len(failures) == 2:
        return Judgement(Verdict.FAILED, first.reason, (*first.shown_by, *second.shown_by))
    if not failures:
        return first
    other = second if failures[0] is first else first
    return Judgement(
        Verdict.UNKNOWN,
        f"it failed in one of two trials and was not confirmed ({failures[0].reason}; the other: {other.reason})",
        failures[0].shown_by,
    )
