"""Phrases about what of a session stays in a desktop shell after its end."""

from __future__ import annotations

from pytest_bdd import when

from harness.ports.shell import DesktopShell
from harness.ports.shell_logout import ShellLogout
from harness.scene import Scene
from steps.shell_secrets import sign_in

LONGER = 3.0  # seconds that it is watched after the bound
FIRST, NEXT = "witness-of-the-first-user", "witness-of-the-next-user"


@when("a user works in two windows, beside background and realtime services", target_fixture="logout")
def work(scene: Scene, shell: DesktopShell) -> ShellLogout:
    logout: ShellLogout = scene.port("shell logout", lambda recorder: scene.target.shell_logout(scene.stage, recorder))
    sign_in(scene, shell, "existing")
    logout.write(FIRST)
    logout.work()
    return logout


@when("he signs out while a request is under way")
def sign_out(scene: Scene, logout: ShellLogout) -> None:
    bound = scene.parameter("tab_logout")
    logout.log_out("after the sign-out", bound, bound + LONGER)


@when("the next user signs in to the shell")
def next_user(scene: Scene, shell: DesktopShell, logout: ShellLogout) -> None:
    sign_in(scene, shell, "second")
    logout.write(NEXT)
    logout.notes("the next user", NEXT, FIRST)
