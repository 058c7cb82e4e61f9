"""Phrases about the session store under stress: what hardly fits, what happens at once, what is killed."""

from __future__ import annotations

from pytest_bdd import given, when

from harness.ports import StoreTrials
from harness.scene import Scene
from steps.effects import clock_of
from steps.token import issuer, session_with

ALPHABETS = ("ASCII", "4-byte Unicode")
KILLS = 8  # clients that are killed while they refresh, at most; one more shows where
BEYOND_ONE_ENTRY = (1280, 2561)  # characters: the system's store takes long for more


def trials(scene: Scene) -> StoreTrials:
    """The store in processes that may be killed."""
    return scene.port("store trials", lambda recorder: scene.target.store_trials(recorder))


@given("a session store over a back end whose entries hold 2560 bytes", target_fixture="tried")
def small_entries(scene: Scene) -> StoreTrials:
    return trials(scene)


@given("a session store that outlives its process", target_fixture="tried")
def lasting_store(scene: Scene) -> StoreTrials:
    return trials(scene)


@when("values of these sizes, of one and of four bytes a character, are stored over one that is there")
def store_sizes(scene: Scene, tried: StoreTrials, datatable: list[list[str]]) -> None:
    tried.set_sizes("sizes", [int(size) for (size,) in datatable[1:]], ALPHABETS, "files")
    with scene.where_offered():
        tried.set_sizes("sizes", BEYOND_ONE_ENTRY, ALPHABETS[:1], "system")


@when("the client is killed at each step of storing a value of several parts, and starts again")
def kill_between_parts(tried: StoreTrials) -> None:
    tried.set_killed("killed between parts", in_parts=True)


@when("the client is killed at each step of storing a value, and starts again")
def kill_while_storing(tried: StoreTrials) -> None:
    tried.set_killed("killed while storing", in_parts=False)


@when("two processes of four threads set, rotate, read and clear at once, and one is killed while it holds the lock")
def race(scene: Scene, tried: StoreTrials) -> None:
    tried.race("race", 125 if scene.depth == "full" else 15)


@when(
    "clients are killed at the steps of a refresh and of the call after it, and start again in the grace and after it"
)
def kill_rotations(scene: Scene, tried: StoreTrials) -> None:
    at = issuer(scene)
    client = next(client for client in at.address.clients.values() if client.native)
    sessions = [session_with(scene, "session to be killed", client) for _ in range(KILLS + 1)]
    tried.rotations_killed("killed while refreshing", scene.stage, [one.refresh_token for one in sessions])
    tried.resume_killed("started within the grace", every="first")
    clock_of(scene).advance(scene.stage, scene.parameter("reuse_grace") + 2)
    tried.resume_killed("started after the grace", every="second")
