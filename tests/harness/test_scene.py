"""One scenario in one cell, as its steps see it."""

from __future__ import annotations

import pytest

from harness.model import Cell, Finding, Parameter, Verdict
from harness.observations import HttpExchange
from harness.observe import Recorder
from harness.ports import absent
from harness.redact import Redactor
from harness.scene import Scene
from tests.harness.small_run import SmallTarget


@pytest.fixture
def sunk() -> list[Finding]:
    return []


@pytest.fixture
def scene(sunk: list[Finding]) -> Scene:
    return make_scene(Cell("small", "linux", "staging"), sunk)


def make_scene(cell: Cell, sunk: list[Finding]) -> Scene:
    return Scene(
        id=f"small/One@{cell.id}",
        cell=cell,
        target=SmallTarget(),
        recorder=Recorder("s", Redactor(), lambda _: None),
        parameters={"leeway": Parameter("leeway", 60.0, "s", "RFC 9068 §4")},
        expectations=("SMALL-01.E1", "SMALL-01.E2"),
        depth="pr",
        sink=sunk.append,
    )


class Port:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_a_port_is_opened_once_for_a_key_and_closed_at_the_end(scene: Scene) -> None:
    with scene.closing:
        dev, again = (scene.port("issuer", lambda _: Port(), "dev") for _ in range(2))
        prod = scene.port("issuer", lambda _: Port(), "prod")
        assert dev is again
        assert dev is not prod
        assert (dev.closed, prod.closed) == (0, 0)
    assert (dev.closed, prod.closed) == (1, 1)


def test_a_port_needs_nothing_to_close(scene: Scene) -> None:
    with scene.closing:
        assert scene.port("number", lambda _: 7) == 7


def test_an_absent_port_says_so_when_it_is_opened(scene: Scene) -> None:
    with pytest.raises(Exception, match="offers no clock: none"):
        scene.port("clock", lambda _: absent(Port, "clock", "none"))


@pytest.mark.parametrize(("cell", "stage"), [("staging", "staging"), ("any", "dev"), ("all", "dev")])
def test_the_stage_is_the_cells_or_the_targets_first(cell: str, stage: str, sunk: list[Finding]) -> None:
    assert make_scene(Cell("small", "linux", cell), sunk).stage == stage


@pytest.mark.usefixtures("small_checks")
def test_what_was_judged_keeps_its_verdict_and_the_rest_gets_the_closing_one(scene: Scene, sunk: list[Finding]) -> None:
    scene.recorder.record(HttpExchange(case="answer", method="GET", url="http://x/", status=200))
    scene.check("SMALL-01.E1")
    scene.close_with(Verdict.NOT_RUN, "no browser")
    assert [(f.expectation, f.verdict, f.reason) for f in sunk] == [
        ("SMALL-01.E1", Verdict.PASSED, "it was 200"),
        ("SMALL-01.E2", Verdict.NOT_RUN, "no browser"),
    ]
    assert list(scene.findings.values()) == sunk
    assert scene.parameter("leeway") == 60.0
