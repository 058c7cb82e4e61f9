"""Phrases about the addresses that a browser goes to in a login."""

from __future__ import annotations

from pytest_bdd import given, when

from harness.ports import Surroundings
from harness.ports.navigation import Navigation
from harness.scene import Scene
from steps.web import browser_of


@given("a browser whose every request is noted, and the access logs of all servers", target_fixture="trail")
def a_browser(scene: Scene) -> Navigation:
    browser = browser_of(scene)
    logs: Surroundings = scene.port("surroundings", lambda recorder: scene.target.surroundings(recorder))
    logs.watch(scene.stage)
    return scene.port(
        "navigation", lambda recorder: scene.target.navigation(scene.stage, browser, recorder), scene.stage
    )


@when("the user gives a login up, and then completes one")
def log_in(trail: Navigation) -> None:
    trail.decline("declined")
    trail.log_in("login")


@when("he goes back two pages, and forward again")
def go_back(trail: Navigation) -> None:
    trail.go("back", -1)
    trail.go("further back", -1)
    trail.go("forward", 2)


@when("he follows a link to somebody else's site")
def leave(scene: Scene, trail: Navigation) -> None:
    trail.leave("elsewhere")
    logs: Surroundings = scene.port("surroundings", lambda recorder: scene.target.surroundings(recorder))
    logs.access_log("access log", scene.stage)
