"""Phrases about going from one stage to another."""

from __future__ import annotations

from pytest_bdd import given, when

from harness.ports.switching import StageSwitching
from harness.scene import Scene
from steps.effects import clock_of
from steps.stage import bus_of
from steps.store_trials import trials
from steps.token import issuer

FIRST, OTHER = "dev", "staging"
MINUTE = 60.0  # seconds
KILLS = 12  # clients that are killed on the way, at most; one more shows where


@given(
    "a client that knows two stages, and works beside its user, who is logged in at the first",
    target_fixture="switching",
)
def logged_in_client(scene: Scene) -> StageSwitching:
    switching = scene.port("switching", lambda recorder: scene.target.switching(FIRST, (OTHER,), recorder))
    switching.start("start")
    switching.log_in("login")
    switching.start("start of who is logged in")
    switching.work("work before the switch")
    switching.entries("entries of the first stage")
    with scene.where_offered():
        for stage in (FIRST, OTHER):
            bus_of(scene).open_window(stage)
    return switching


@when("the user goes to the other stage, a minute passes, and he logs in there")
def go_to_the_other_stage(scene: Scene, switching: StageSwitching) -> None:
    switching.switch("the switch", OTHER)
    clock_of(scene).advance(FIRST, MINUTE)
    switching.work("work after the switch")
    switching.log_in("login at the other stage")
    switching.work("work at the other stage")
    switching.entries("entries of the other stage")


@when("he goes back, and a minute passes")
def go_back(scene: Scene, switching: StageSwitching) -> None:
    switching.switch("the way back", FIRST)
    clock_of(scene).advance(OTHER, MINUTE)
    switching.work("work after the way back")
    with scene.where_offered():
        for stage in (FIRST, OTHER):
            bus_of(scene).capture("events of the switches", stage)


@when("credentials of the same account are stored for both stages")
def store_for_both(switching: StageSwitching) -> None:
    switching.keep_apart("credentials of both stages", (FIRST, OTHER))


@given("clients that are logged in at one stage, each in a session of its own", target_fixture="tokens")
def clients_of_one_stage(scene: Scene) -> list[str]:
    at = issuer(scene, FIRST)
    client = next(client for client in at.address.clients.values() if client.native)
    user = at.address.users["existing"]
    return [at.log_in("session to be left", client, user).refresh_token for _ in range(KILLS + 1)]


@when("each is killed at another step of going to the other stage, and starts again")
def kill_on_the_way(scene: Scene, tokens: list[str]) -> None:
    trials(scene).switches_killed("killed on the way", FIRST, OTHER, tokens)
