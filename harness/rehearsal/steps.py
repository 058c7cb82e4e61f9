"""The rehearsal's own phrases."""

from __future__ import annotations

from pytest_bdd import when

from harness.errors import NotHere
from harness.probes.http import HttpProbe
from harness.rehearsal.target import RehearsalTarget
from harness.scene import Scene


@when("somebody logs in at the rehearsal target")
def log_in(scene: Scene) -> None:
    assert isinstance(scene.target, RehearsalTarget)
    probe = HttpProbe(scene.target.new_client(), scene.recorder)
    answer = probe.post("login", scene.target.url, {"password": scene.target.password})
    scene.target.save_har(answer)


@when("somebody reads its long terms")
def read_terms(scene: Scene) -> None:
    assert isinstance(scene.target, RehearsalTarget)
    HttpProbe(scene.target.new_client(), scene.recorder).get("terms", scene.target.long_url)


@when("somebody asks for a printer")
def ask_for_a_printer(scene: Scene) -> None:
    raise NotHere("there is no printer", "none is needed")


@when("something crashes")
def crash(scene: Scene) -> None:
    raise ZeroDivisionError("on purpose")
