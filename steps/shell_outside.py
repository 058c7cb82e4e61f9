"""Phrases about a desktop shell's way to what is not its own: other pages, the system's browser, hostile starts."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pytest_bdd import parsers, when

from harness.ports.shell import DesktopShell, RawMessage
from harness.ports.shell_outside import ShellLaunch, ShellOutside
from harness.scene import Scene
from steps.shell import text

HELP = "https://help.localhost/"
AUTHORIZE = "{issuer}/authorize?response_type=code"


@when("a compromised renderer asks by message, by a new window and by a link for these addresses and for a help page")
def ask_for_addresses(scene: Scene, shell: DesktopShell, datatable: list[list[str]]) -> None:
    outside, addresses = outside_of(scene), [*(row[0] for row in datatable[1:]), HELP]
    bodies = {address: json.dumps({"url": outside.meant(address)}) for address in addresses}
    messages = [RawMessage(address, "help:open", text("help:open", body)) for address, body in bodies.items()]
    shell.send("by message", "main", messages)
    outside.look("by message")
    for way in ("a new window", "a link"):
        outside.open_windows(f"by {way}", way, addresses)


@when("the user begins to sign in")
def begin_to_sign_in(scene: Scene, shell: DesktopShell) -> None:
    shell.begin("the sign-in")
    outside_of(scene).look("the sign-in")


@when("script leads the window to the issuer's login")
def lead_to_login(scene: Scene, shell: DesktopShell) -> None:
    lead(scene, "led to the login", [AUTHORIZE])


@when(parsers.parse("script leads the window to {first}, {second}, {third} and {fourth}, and opens windows there"))
def lead_astray(scene: Scene, shell: DesktopShell, first: str, second: str, third: str, fourth: str) -> None:
    addresses = [first, second, third, fourth]
    lead(scene, "led astray", addresses)
    outside_of(scene).open_windows("windows astray", "a new window", addresses)


@when("the shell is started in an environment that would open it up")
def start_in_the_open(scene: Scene) -> None:
    launch: ShellLaunch = scene.port("shell launch", lambda recorder: scene.target.shell_launch(scene.stage, recorder))
    launch.start("a hostile start")


def lead(scene: Scene, case: str, addresses: Sequence[str]) -> None:
    outside_of(scene).lead(case, addresses)


def outside_of(scene: Scene) -> ShellOutside:
    outside: ShellOutside = scene.port(
        "shell outside", lambda recorder: scene.target.shell_outside(scene.stage, recorder)
    )
    return outside
