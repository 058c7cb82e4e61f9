"""A clock whose settings are noted: what was skipped is told with each exchange, what was waited is not."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from harness.errors import NotOffered
from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.ports import Clock
from harness.probes.noted_clock import NotedClock
from harness.redact import Redactor
from harness.targets.reference_admin import ReferenceClock
from harness.targets.wall_clock import WallClock
from reference_impl.clock import ShiftedClock
from tests.harness.report.exchanges import sent


def skipped(clock: Clock, *seconds: float) -> list[float]:
    """What exchanges tell that are recorded before and after the clock is advanced so often."""
    seen: list[Observation] = []
    recorder = Recorder("s", Redactor(), seen.append)
    noted = NotedClock(clock, recorder, ("dev", "prod"))
    recorder.record(sent("GET", "/"))
    for each in seconds:
        noted.advance("dev", each)
        recorder.record(sent("GET", "/"))
    return [one.skipped for one in seen if isinstance(one, HttpExchange)]


def test_what_a_clock_was_set_forward_by_adds_up() -> None:
    assert skipped(ReferenceClock(ShiftedClock()), 12.0, 3600.0) == pytest.approx([0.0, 12.0, 3612.0], abs=0.5)


class Clocks:
    """A clock of its own for each stage."""

    def __init__(self) -> None:
        self.clocks = {stage: ShiftedClock() for stage in ("dev", "prod")}

    def now(self, stage: str) -> float:
        return self.clocks[stage].now()

    def advance(self, stage: str, seconds: float) -> None:
        self.clocks[stage].advance(seconds)


@pytest.mark.parametrize(("clock", "elsewhere"), [(Clocks(), 0.0), (ReferenceClock(ShiftedClock()), 60.0)])
def test_an_exchange_tells_what_the_clock_of_its_own_stage_was_set_forward_by(clock: Clock, elsewhere: float) -> None:
    recorder = Recorder("s", Redactor(), lambda _: None)
    NotedClock(clock, recorder, ("dev", "prod")).advance("dev", 60.0)
    told = {
        stage: recorder.record(replace(sent("GET", "/"), about={"stage": stage} if stage else {})).skipped
        for stage in ("dev", "prod", "")
    }
    assert told == pytest.approx({"dev": 60.0, "prod": elsewhere, "": 60.0}, abs=0.5)


def test_what_was_waited_is_not_skipped() -> None:
    assert skipped(WallClock(5.0, sleep=time.sleep), 0.6) == [0.0, 0.0]


def test_what_cannot_be_waited_for_is_told() -> None:
    with pytest.raises(NotOffered, match="allows 5 s"):
        skipped(WallClock(5.0), 6.0)
