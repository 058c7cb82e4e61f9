"""A port that is not offered says so; a port that breaks its promise is found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from harness.errors import NotOffered, TargetError
from harness.observations import BusCapture, Observation, ProcessRun
from harness.ports import Admin, Bus, Clock, DesktopClient, Process, Rehearsal, absent, validating
from harness.targets.base import BaseTarget

GOOD = ProcessRun(id="s#1", case="start", argument="dev", ready=True, exit_code=None, seconds=0.2)


class FakeProcess:
    """Answers with what it was given."""

    def __init__(self, answer: Observation) -> None:
        self.answer = answer
        self.killed = False

    def start(self, case: str, stage: str | None) -> Observation:
        return self.answer

    def kill(self) -> None:
        self.killed = True


def process(answer: Observation) -> Process:
    return validating(Process, cast("Process", FakeProcess(answer)))  # whether it is one is the question


@pytest.mark.parametrize(
    "use",
    [
        lambda: absent(Clock, "clock", "it has none").advance("dev", 1.0),
        lambda: absent(Bus, "bus", "it has none").capture("case", "dev"),
        lambda: absent(Admin, "admin", "it has none").upstream_fails("dev"),
        lambda: absent(DesktopClient, "desktop", "it has none").close,
        lambda: absent(Rehearsal, "rehearsal", "it has none").no_such_thing,  # type: ignore[attr-defined]
    ],
)
def test_any_use_of_an_absent_port_says_what_is_not_offered_and_why(use: Callable[[], object]) -> None:
    with pytest.raises(NotOffered, match=r"the target offers no \w+: it has none"):
        use()


def test_a_target_that_offers_nothing_names_each_capability() -> None:
    target = BaseTarget()
    with pytest.raises(NotOffered, match="the target offers no clock: base describes no test clock"):
        target.clock().advance("dev", 1)
    with pytest.raises(NotOffered, match="the target offers no admin: base describes no administration"):
        target.admin().disable_account("dev", "somebody")


def test_what_keeps_its_promise_passes_unchanged() -> None:
    assert process(GOOD).start("start", "dev") is GOOD


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (BusCapture(id="s#1", case="start", stage="dev"), "start gave BusCapture, not ProcessRun"),
        (replace(GOOD, id=""), "start gave an observation that was not recorded"),
        (replace(GOOD, case="stop"), "start answered 'stop' to 'start'"),
        (replace(GOOD, seconds=-1.0), "start took a negative time"),
    ],
)
def test_a_port_that_breaks_its_promise_is_found_out(answer: Observation, complaint: str) -> None:
    with pytest.raises(TargetError, match="a port broke its promise") as caught:
        process(answer).start("start", "dev")
    assert complaint in str(caught.value)


def test_the_case_is_checked_also_where_it_is_given_by_name() -> None:
    with pytest.raises(TargetError, match="answered 'start' to 'other'"):
        process(GOOD).start(stage="dev", case="other")


def test_what_promises_no_observation_is_passed_on() -> None:
    fake = FakeProcess(GOOD)
    port = validating(FakeProcess, fake)
    port.kill()
    assert fake.killed
    assert port.answer is GOOD
