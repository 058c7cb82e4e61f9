"""Phrases about the harness's own evidence."""

from __future__ import annotations

from pytest_bdd import given, when

from harness.ports import Rehearsal
from harness.scene import Scene


def rehearsal(scene: Scene) -> Rehearsal:
    return scene.port("rehearsal", lambda recorder: scene.target.rehearsal(recorder))


@given("a finished run in which some expectations passed, some failed, some were not run and one scenario crashed")
def finished_run(scene: Scene) -> None:
    rehearsal(scene).run("first run")


@when("its evidence is audited as it is")
def audit_untouched(scene: Scene) -> None:
    rehearsal(scene).audit("untouched")


@when("its evidence is audited after each of these changes")
def audit_changed(scene: Scene, datatable: list[list[str]]) -> None:
    for (change,) in datatable[1:]:
        rehearsal(scene).audit(change)


@when("the same run is made again")
def run_again(scene: Scene) -> None:
    rehearsal(scene).run("second run")


@when("its evidence is searched for every secret of the run")
def search_secrets(scene: Scene) -> None:
    rehearsal(scene).scan("evidence")
