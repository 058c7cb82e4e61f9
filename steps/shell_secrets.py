"""Phrases about what of a desktop shell's secrets gets into its renderers."""

from __future__ import annotations

from urllib.parse import urlencode

from pytest_bdd import when

from harness.ports.shell import DesktopShell
from harness.ports.shell_secrets import ShellSecrets
from harness.scene import Scene
from steps.client_state import answer_of
from steps.effects import clock_of
from steps.mix_up import SignIn, parameters

LATER = 3600.0  # seconds, after which no access token is good any more


@when("a user signs in, and the tokens are refreshed three times", target_fixture="secrets")
def sign_in_and_refresh(scene: Scene, shell: DesktopShell) -> ShellSecrets:
    secrets: ShellSecrets = scene.port(
        "shell secrets", lambda recorder: scene.target.shell_secrets(scene.stage, recorder)
    )
    with scene.where_offered():
        sign_in(scene, shell, "existing")
    secrets.search("after the sign-in")
    with scene.where_offered():
        secrets.refresh(3)
        secrets.hand_out("a token for the page")
        secrets.search("after refreshes")
    return secrets


@when("a refresh fails, and works again")
def fail_to_refresh(scene: Scene, secrets: ShellSecrets) -> None:
    with scene.where_offered():
        secrets.refuse_refreshes(True)  # before the tokens end: background work would have new ones at once
        clock_of(scene).advance(scene.stage, LATER)
        secrets.hand_out("no token for the page")
        secrets.refuse_refreshes(False)
        secrets.search("after a failure")
        secrets.hand_out("a later token for the page")


@when("a second window opens, the first one is loaded anew, and the user signs out")
def further(scene: Scene, shell: DesktopShell, secrets: ShellSecrets) -> None:
    with scene.where_offered():
        secrets.open_window("palette")
        secrets.search("with a second window")
    secrets.reload()
    secrets.search("after a reload")
    with scene.where_offered():
        shell.sign_out()
        secrets.search("after the sign-out")
        secrets.errors("errors")


def sign_in(scene: Scene, shell: DesktopShell, user: str) -> None:
    """Sign in by the system's browser."""
    begun = SignIn(parameters(shell.begin(f"the sign-in of {user}")), {})
    answer = answer_of(scene, begun, user)
    shell.arrive(f"{begun.redirect_uri}?{urlencode(answer)}")
    shell.state(f"{user} signed in")
