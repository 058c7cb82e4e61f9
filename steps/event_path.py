"""Phrases about events on their way to the bus, which the harness plays."""

from __future__ import annotations

from pytest_bdd import when

from harness.ports import EventPath
from harness.scene import Scene

SESSIONS = {"pr": 20, "full": 100}
LONG, SHORT = 300_000, 6  # characters


def path(scene: Scene) -> EventPath:
    return scene.port("event path", lambda recorder: scene.target.event_path(recorder))


@when("sessions begin, fail and end while the bus behaves like this")
def tell_sessions(scene: Scene, datatable: list[list[str]]) -> None:
    for (case,) in datatable:
        path(scene).tell_sessions(case, SESSIONS[scene.depth])


@when("events are told at once, some with a text of 300,000 characters, some with one that ends at a limit")
def tell_long_texts(scene: Scene) -> None:
    around = [*range(82, 90)]  # of two, three and four bytes in turn: 3 bytes on average
    path(scene).tell_long_texts("eleven at once", [LONG, LONG, SHORT, *around])
    path(scene).tell_long_texts("twenty-five at once", [*([LONG] * 9), *([SHORT] * 8), *around])
