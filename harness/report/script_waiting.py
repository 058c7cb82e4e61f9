"""How much time a curl script lets pass between two requests: as much as had passed for the target in the run."""

from __future__ import annotations

from collections.abc import Sequence

from harness.observations import HttpExchange
from harness.report.pages import amount
from harness.report.shell import comment, quote

__all__ = ["TOO_LONG", "cuts_a_wait", "seconds_waited", "waiting", "waits_too_long"]

NOTICED = 5.0  # seconds between two exchanges from which on the run waited, and was not only slow
LONGEST = 900.0  # seconds that a person waits between two requests of a script
TOO_LONG = (
    "This cannot be repeated: the run set the target's clock forward, further than this script waits. "
    "Without that neither the same answers nor others show anything."
)


def waiting(steps: Sequence[HttpExchange], place: int) -> list[str]:
    """The line of the script that lets the time before this step pass; none where none passed."""
    skipped, seconds = _skipped(steps, place), _passed(steps, place)
    if skipped > LONGEST:
        return [comment(f"Before this the run set the target's clock forward by {amount(round(skipped), 's')}.")]
    if seconds > LONGEST:
        cut = f"cut from the {amount(round(seconds), 's')} of the run"
        return [f"wait_for {LONGEST:g} {quote(cut)}"]
    return [f"wait_for {seconds:g}  # as long as passed for the target in the run"] if seconds else []


def waits_too_long(steps: Sequence[HttpExchange]) -> bool:
    """Whether the target's clock was set forward somewhere by more than the script waits."""
    return any(_skipped(steps, place) > LONGEST for place in range(len(steps)))


def cuts_a_wait(steps: Sequence[HttpExchange]) -> bool:
    """Whether the run really took longer somewhere than the script waits: on purpose, or because it was busy."""
    return any(_passed(steps, place) > LONGEST >= _skipped(steps, place) for place in range(len(steps)))


def seconds_waited(steps: Sequence[HttpExchange]) -> float:
    """Seconds that the script waits."""
    short = (place for place in range(len(steps)) if _skipped(steps, place) <= LONGEST)
    return sum(min(_passed(steps, place), LONGEST) for place in short)


def _passed(steps: Sequence[HttpExchange], place: int) -> float:
    """Seconds for the target before this step: waited by the run, or skipped by its clock. 0 where it was only slow."""
    if place == 0:
        return 0.0
    previous, step = steps[place - 1], steps[place]
    waited = step.began - previous.began - previous.seconds if previous.began and step.began else 0.0
    return round(_skipped(steps, place) + (waited if waited >= NOTICED else 0.0), 1)


def _skipped(steps: Sequence[HttpExchange], place: int) -> float:
    """Seconds by which the run set the clock of the step's stage forward since the step before it, in this stage where
    there is one: stages may have clocks of their own."""
    if place == 0:
        return 0.0
    step, before = steps[place], steps[:place]
    own = (one for one in reversed(before) if one.about.get("stage") == step.about.get("stage"))
    return max(step.skipped - next(own, before[-1]).skipped, 0.0)
