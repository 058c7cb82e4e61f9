"""Phrases about a desktop shell of which something hangs."""

from __future__ import annotations

from pytest_bdd import parsers, when

from harness.ports.shell import DesktopShell
from harness.ports.shell_hindered import HinderedShell, Obstacle
from harness.scene import Scene
from steps.effects import clock_of
from steps.shell_secrets import sign_in

CALLERS, NOTES = 20, 10
EXPIRED = 970.0  # seconds, after which no access token is good any more
SAVED, RECOVERED = 20.0, 30.0  # seconds


@when(
    parsers.parse("a user writes notes in the window, and {callers:d} callers call each function at once"),
    target_fixture="hindered",
)
def work(scene: Scene, shell: DesktopShell, callers: int) -> HinderedShell:
    hindered: HinderedShell = scene.port(
        "shell hindered", lambda recorder: scene.target.shell_hindered(scene.stage, recorder)
    )
    sign_in(scene, shell, "existing")
    hindered.write("written before", NOTES)
    hindered.settle("saved before", SAVED)
    hindered.call_all("usual", callers)
    clock_of(scene).advance(scene.stage, EXPIRED)  # as after an obstacle, a newer token has to be got
    hindered.call_each("after usual")
    return hindered


@when("the main process is silent, and the user writes on")
def be_silent(hindered: HinderedShell) -> None:
    hindered.hinder("silent")
    hindered.write("written while silent", NOTES)
    call(hindered, "silent")
    hindered.replies("replies")


@when("the issuer takes refreshes and never answers, and the user writes on")
def hold_refreshes(scene: Scene, hindered: HinderedShell) -> None:
    hindered.hinder("held")
    clock_of(scene).advance(scene.stage, EXPIRED)
    hindered.write("written while held", NOTES)
    call(hindered, "held")
    hindered.settle("after the recovery", RECOVERED)


@when("the connection to the issuer breaks in the middle of a refresh")
def break_connections(scene: Scene, hindered: HinderedShell) -> None:
    hinder_refreshes(scene, hindered, "reset")


@when("the store blocks")
def block_the_store(scene: Scene, hindered: HinderedShell) -> None:
    hinder_refreshes(scene, hindered, "store blocks")


@when("a refresh is answered after another user has signed in")
def answer_late(scene: Scene, shell: DesktopShell, hindered: HinderedShell) -> None:
    hindered.hinder("kept back")
    hindered.begin_refresh()
    sign_in(scene, shell, "second")
    hindered.session("before the late answer")
    hindered.free()
    hindered.session("after the late answer")


@when("the store breaks in the hands of who holds the session's lock")
def break_the_store(scene: Scene, hindered: HinderedShell) -> None:
    hinder_refreshes(scene, hindered, "store breaks")


@when("the user signs out while the main process is silent")
def sign_out(hindered: HinderedShell) -> None:
    hindered.hinder("silent")
    hindered.sign_out("signing out", CALLERS)
    hindered.free()


def hinder_refreshes(scene: Scene, hindered: HinderedShell, what: Obstacle) -> None:
    """While refreshes are asked for: the tokens end after the obstacle is there."""
    hindered.hinder(what)
    clock_of(scene).advance(scene.stage, EXPIRED)
    call(hindered, what)


def call(hindered: HinderedShell, what: Obstacle) -> None:
    """Call each function while it is hindered, and once more afterwards."""
    hindered.call_all(what, CALLERS)
    hindered.free()
    hindered.call_each(f"after {what}")
