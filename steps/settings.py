"""Phrases about the settings of the web client, and the internal tools behind them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from pytest_bdd import given, parsers, when

from harness.ports import Logs
from harness.ports.settings import Settings
from harness.ports.shell import DesktopShell, RawMessage
from harness.scene import Scene
from steps.shell import text
from steps.web import browser_of

PRODUCTION, OTHER = "prod", "staging"
CHANNELS = (
    "debug:info",
    "debug:dump",
    "debug:logs",
    "devtools:open",
    "stage:get",
    "stage:switch",
    "environment:select",
    "internal:enable",
    "config:get",
    "settings:set",
)


@dataclass(frozen=True)
class Two:
    """A user's browser at production, and one elsewhere."""

    production: Settings = field(repr=False)
    elsewhere: Settings = field(repr=False)


def at_stage(scene: Scene, stage: str) -> Settings:
    """A browser in which a user is signed in."""
    browser = browser_of(scene)
    port = scene.port("settings", lambda recorder: scene.target.settings(stage, browser, recorder), stage)
    port.log_in("login")
    return port


@given("a user's browser at production, and an internal user's at another stage", target_fixture="two")
def two_browsers(scene: Scene) -> Two:
    elsewhere = at_stage(scene, OTHER)
    elsewhere.entitle(True)
    return Two(at_stage(scene, PRODUCTION), elsewhere)


@when("the internal user turns the tools on, to show what they look like")
def show_tools(two: Two) -> None:
    two.elsewhere.turn("elsewhere", True)


@when("the user at production tries to come to them in these ways")
def reach(two: Two, datatable: list[list[str]]) -> None:
    for (way,) in datatable[1:]:
        two.production.reach("at production", way)


@when("the packed clients of production are searched for what makes the tools up")
def search_builds(two: Two) -> None:
    two.production.markers("artifacts")


@given("the desktop shell of a production build", target_fixture="shell")
def production_shell(scene: Scene) -> DesktopShell:
    return scene.port("shell", lambda recorder: scene.target.shell(PRODUCTION, recorder))


@when("script looks for functions that debug or change the stage")
def look_for_functions(shell: DesktopShell) -> None:
    shell.surface("functions", "main")


@when("messages are sent on channels that debug or change the stage")
def send_on_channels(shell: DesktopShell) -> None:
    bodies = dict.fromkeys(CHANNELS, "{}") | {"stage:switch": json.dumps({"stage": "dev"})}
    known = RawMessage("a channel that there is", "session:get", text("session:get", "{}"))
    shell.send("channels", "main", [known, *(RawMessage("guessed", c, text(c, body)) for c, body in bodies.items())])


@given("a user's browser at a stage that is not production", target_fixture="settings")
def ordinary_user(scene: Scene) -> Settings:
    return at_stage(scene, OTHER)


@given("an internal user's browser at a stage that is not production", target_fixture="settings")
def internal_user(scene: Scene) -> Settings:
    settings = at_stage(scene, OTHER)
    settings.entitle(True)
    return settings


@when("the user tries to make himself internal by each of these")
def grant(settings: Settings, datatable: list[list[str]]) -> None:
    for (by,) in datatable[1:]:
        settings.grant("an ordinary user", by)


@when("the user turns the tools on, off, and on again")
def turn(scene: Scene, settings: Settings) -> None:
    logs: Logs = scene.port("logs", lambda recorder: scene.target.logs(recorder))
    logs.open_window()
    for case, on in (("on", True), ("off", False), ("on again", True)):
        settings.turn(case, on)
    logs.capture("turns")


@when(parsers.parse("he is internal no more, and the page stays open for {seconds:d} seconds"))
def lose(settings: Settings, seconds: int) -> None:
    settings.entitle(False)
    settings.wait("no more", seconds)


@when("the user turns the tools on, after the session was renewed")
def turn_on(settings: Settings) -> None:
    settings.renew("renewal")
    settings.turn("on", True)


@when("the debug page is read, unfolded and searched, and what it copies, saves and was answered")
def search_page(settings: Settings) -> None:
    settings.panel("panel")
    settings.scan_panel("shown")
    settings.scan_taken("taken")
    settings.scan_answers("answered")
