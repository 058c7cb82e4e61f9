"""Phrases about a server that lacks one of its secrets."""

from __future__ import annotations

from pytest_bdd import given, when

from harness.ports import Process
from harness.scene import Scene

STAGE = "dev"


@given("a store that holds the secrets of all stages", target_fixture="process")
def a_store_of_secrets(scene: Scene) -> Process:
    return scene.port("process", lambda recorder: scene.target.process(recorder))


@when("a development server is started without one secret after another, which is missing, and then empty")
def start_without_each(scene: Scene, process: Process) -> None:
    """Each start takes a second of one processor: but for a full run, one of them is started with an empty secret."""
    secrets = tuple(process.secrets())
    empty = secrets if scene.depth == "full" else secrets[-1:]
    lacking = {f"{secret} is missing": (secret, "missing") for secret in secrets}
    process.start_without(STAGE, lacking | {f"{secret} is empty": (secret, "empty") for secret in empty})
