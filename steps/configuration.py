"""Phrases about the configuration that is documented."""

from __future__ import annotations

from pytest_bdd import when

from harness.ports import Configuration
from harness.scene import Scene


def configuration(scene: Scene) -> Configuration:
    return scene.port("configuration", lambda recorder: scene.target.configuration(recorder))


@when("the variables, parameters and flags that the code reads are compared with the documentation")
def compare(scene: Scene) -> None:
    configuration(scene).compare("as it stands")


@when("they are compared in a branch with an undocumented read, and in one with an orphan in the documentation")
def compare_branches(scene: Scene) -> None:
    for change in ("an undocumented read", "an orphan in the documentation"):
        configuration(scene).compare_branch(f"a branch with {change}", change)
