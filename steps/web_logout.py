"""Phrases about a user who signs out at the web client, and what is left of that in his browser."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from pytest_bdd import given, when

from harness.ports import Issuer
from harness.ports.web_logout import WebLogout
from harness.scene import Scene
from steps.stage import web_of
from steps.token import issuer
from steps.web import browser_of

AT_ONCE = 6.0  # seconds: the bound, and some, for a look that sees when it was kept
PATIENCE = 20.0  # seconds for what the machine takes its time for
RETRY = 60.0  # seconds within which somebody who was not there is told
TABS = {"notes": "home", "sleeping": "home", "offline": "home", "window": "settings", "closed": "settings"}


@dataclass
class Leaver:
    """A user who will sign out; `cookie` is the copy of his cookie."""

    browser: WebLogout
    at: Issuer
    cookie: str = field(default="", repr=False)

    def begin(self, name: str) -> None:
        """He signs in, writes, and somebody copies his cookie."""
        self.browser.log_in(f"{name}: login", "first")
        self.browser.write("", f"a note {secrets.token_hex(8)}", PATIENCE)
        self.browser.storages(f"{name}: before")
        self.cookie = self.browser.cookie()
        self.replay(f"{name}: cookie before")

    def replay(self, case: str) -> None:
        """Ask what page script asks, by the copy of the cookie."""
        path = next(iter(self.at.address.web_data), "/")
        self.at.new_agent().get(case, f"{web_of(self.at)}{path}", headers={"Cookie": self.cookie}, role="web")


@given("a signed-in user with notes, whose cookie somebody has copied", target_fixture="leaver")
def a_leaver(scene: Scene) -> Leaver:
    name = browser_of(scene)
    browser = scene.port("web logout", lambda recorder: scene.target.web_logout(scene.stage, name, recorder))
    leaver = Leaver(browser, issuer(scene))
    leaver.begin("logout")
    return leaver


@given(
    "he has other tabs open: one with his notes, one that sleeps, one without a network, and a window with his settings"
)
def other_tabs(leaver: Leaver) -> None:
    browser = leaver.browser
    browser.keeps_pages("a page that may be kept")
    for tab, page in TABS.items():
        browser.open("before the logout", tab, page)
    browser.close_tab("closed")
    browser.offline("offline", True)
    browser.write("offline", f"unsent {secrets.token_hex(8)}")
    browser.sleep("sleeping")


@when("he has been at his settings, is back at his notes, and signs out")
def sign_out(leaver: Leaver) -> None:
    browser = leaver.browser
    browser.open("before the logout", "", "settings")
    browser.open("before the logout", "", "home")
    browser.sign_out()
    for tab in ("notes", "window", "offline"):
        browser.look("after the logout", tab, AT_ONCE)
    browser.look("signed out", "", PATIENCE)
    leaver.replay("logout: cookie after")
    browser.storages("logout: after")
    browser.jar("logout: after")


@when("he goes back and forward, and opens a tab again that was closed")
def go_back(leaver: Leaver) -> None:
    for steps in (-1, -1, 2):
        leaver.browser.travel("back and forward", steps)
    leaver.browser.open("back and forward", "closed", TABS["closed"])


@when("the tab that slept wakes up, and the other one has its network again")
def wake_up(leaver: Leaver) -> None:
    leaver.browser.wake("sleeping")
    leaver.browser.look("after the logout", "sleeping", AT_ONCE)
    leaver.browser.offline("offline", False)
    leaver.browser.look("with its network again", "offline", AT_ONCE)


@when("another user signs in")
def next_user(leaver: Leaver) -> None:
    leaver.browser.log_in("another user", "second")
    leaver.browser.write("", f"another note {secrets.token_hex(8)}", PATIENCE)
    leaver.browser.notes("another user", "second")
    leaver.browser.notes("another user", "first")
    leaver.browser.requests("another user")


@when("he signs out while the web client answers nobody, and it answers again")
def sign_out_unreachable(leaver: Leaver) -> None:
    _sign_out_while(leaver, "web client")


@when("he signs in again, signs out while the issuer cannot be asked to revoke anything, and it can be asked again")
def sign_out_unrevoked(leaver: Leaver) -> None:
    leaver.begin("revocation endpoint")
    _sign_out_while(leaver, "revocation endpoint")


def _sign_out_while(leaver: Leaver, who: str) -> None:
    with leaver.browser.unreachable(f"{who}: asked in vain", who):
        leaver.browser.sign_out()
        leaver.browser.look(f"{who}: signed out", "", PATIENCE)
        leaver.browser.storages(f"{who}: after")
    leaver.browser.revocation(f"{who}: told later", RETRY)
    leaver.browser.look(f"{who}: at last", "", PATIENCE)
    leaver.replay(f"{who}: cookie at last")
