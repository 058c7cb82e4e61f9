"""How much time a curl script lets pass between two requests: as much as had passed for the target in the run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

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


def waiting(previous: HttpExchange, step: HttpExchange) -> list[str]:
    """The line of the script that lets the time between the two pass; none where none passed."""
    skipped, seconds = _skipped(previous, step), _passed(previous, step)
    if skipped > LONGEST:
        return [comment(f"Before this the run set the target's clock forward by {amount(round(skipped), 's')}.")]
    if seconds > LONGEST:
        cut = f"cut from the {amount(round(seconds), 's')} of the run"
        return [f"wait_for {LONGEST:g} {quote(cut)}"]
    return [f"wait_for {seconds:g}  # as long as passed for the target in the run"] if seconds else []


def waits_too_long(steps: Sequence[HttpExchange]) -> bool:
    """Whether the target's clock was set forward somewhere by more than the script waits."""
    return any(_skipped(*pair) > LONGEST for pair in pairwise(steps))


def cuts_a_wait(steps: Sequence[HttpExchange]) -> bool:
    """Whether the run really took longer somewhere than the script waits: on purpose, or because it was busy."""
    return any(_passed(*pair) > LONGEST >= _skipped(*pair) for pair in pairwise(steps))


def seconds_waited(steps: Sequence[HttpExchange]) -> float:
    """Seconds that the script waits."""
    return sum(min(_passed(*pair), LONGEST) for pair in pairwise(steps) if _skipped(*pair) <= LONGEST)


def _passed(previous: HttpExchange, step: HttpExchange) -> float:
    """Seconds for the target between the two: waited by the run, or skipped by its clock. 0 where it was only slow."""
    waited = step.began - previous.began - previous.seconds if previous.began and step.began else 0.0
    return round(_skipped(previous, step) + (waited if waited >= NOTICED else 0.0), 1)


def _skipped(previous: HttpExchange, step: HttpExchange) -> float:
    """Seconds by which the run set the target's clock forward between the two."""
    return max(step.skipped - previous.skipped, 0.0)
