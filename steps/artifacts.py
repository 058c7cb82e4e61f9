"""Phrases about what is packed into a build's artifacts."""

from __future__ import annotations

from pytest_bdd import given, when

from harness.model import STAGES
from harness.ports import Artifacts
from harness.scene import Scene


@given("a build machine that holds secrets of every stage", target_fixture="artifacts")
def a_build_machine(scene: Scene) -> Artifacts:
    return scene.port("artifacts", lambda recorder: scene.target.artifacts(recorder))


@when("the clients of each stage are built, and all that comes out is unpacked and searched")
def build_each(artifacts: Artifacts) -> None:
    for stage in STAGES:
        artifacts.build("a build", stage)
