"""Phrases about where a desktop shell sends its credentials."""

from __future__ import annotations

import json

from pytest_bdd import parsers, when

from harness.ports.shell import DesktopShell, RawMessage
from harness.ports.shell_credentials import ShellCredentials
from harness.scene import Scene
from steps.shell import text
from steps.shell_secrets import sign_in

FIELDS = ("apiEndpoint", "url", "issuer", "stage", "audience", "authorizer")
ENDING = "session:sign-out"  # it is sent last


@when("a compromised renderer names an attacker's addresses in messages of every kind", target_fixture="credentials")
def name_addresses(scene: Scene, shell: DesktopShell) -> ShellCredentials:
    credentials: ShellCredentials = scene.port(
        "shell credentials", lambda recorder: scene.target.shell_credentials(scene.stage, recorder)
    )
    sign_in(scene, shell, "existing")
    channels = sorted(shell.channels(), key=lambda channel: channel == ENDING)
    messages = [
        RawMessage(field, channel, text(channel, json.dumps({field: credentials.attacker()})))
        for channel in channels
        for field in FIELDS
    ]
    shell.send("addresses of an attacker", "main", messages)
    shell.state("after the addresses")
    return credentials


@when("the user signs in again, and the shell works")
def work(scene: Scene, shell: DesktopShell, credentials: ShellCredentials) -> None:
    sign_in(scene, shell, "existing")
    credentials.work("after the addresses")


@when(parsers.parse("the API redirects to the attacker by {first:d} and by {second:d}"))
def redirect(credentials: ShellCredentials, first: int, second: int) -> None:
    for status in (first, second):
        credentials.redirect(status)
        credentials.work(f"redirected by {status}")
    credentials.redirect(0)
