"""Puts something into a page that its policy should forbid (page_inject.js), and sees what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from harness.errors import TargetError
from harness.probes.page_scan import page_script

__all__ = ["INJECT", "Injected", "injected"]

INJECT = page_script("page_inject.js")
ARRIVAL, POLL = 5.0, 0.02  # seconds: on a busy machine a request takes its time


@dataclass(frozen=True)
class Injected:
    """Whether it happened, and the directives whose violation the browser told the page."""

    happened: bool
    reported: tuple[str, ...]


def injected(what: str, told: dict[str, Any] | None, came: Callable[[], bool]) -> Injected:
    """`told`: what the script gave back. Of a request whoever was asked for it knows (`came`), unless the browser says
    that it refused. Raises TargetError where the script does not know `what`."""
    if told is None:
        raise TargetError(f"nobody knows how to put {what!r} into a page")
    reported = tuple(dict.fromkeys(map(str, told["reported"])))
    if told["happened"] is not None:
        return Injected(bool(told["happened"]), reported)
    end = monotonic() + (0.0 if reported else ARRIVAL)
    while not (has_come := came()) and monotonic() < end:
        sleep(POLL)
    return Injected(has_come, reported)
