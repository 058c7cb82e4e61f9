"""Phrases about what a browser keeps of a session, and until when."""

from __future__ import annotations

import secrets

from pytest_bdd import given, when

from harness.ports.web_expiry import WebExpiry
from harness.scene import Scene
from steps.web import browser_of

MARGIN = 60.0  # seconds after an end
SET_BACK = -2 * 3600.0
PATIENCE = 20.0  # seconds for what the machine takes its time for
LOOK = 5.0  # seconds in which a page may go


@given("a signed-in user with notes, in a browser whose clock can be set", target_fixture="keeper")
def a_keeper(scene: Scene) -> WebExpiry:
    browser = browser_of(scene)
    keeper = scene.port("web expiry", lambda recorder: scene.target.web_expiry(scene.stage, browser, recorder))
    begin(keeper, "login")
    return keeper


def begin(keeper: WebExpiry, case: str) -> None:
    """He signs in and writes a note, which is saved."""
    keeper.log_in(case, "first")
    keeper.write("", f"a note {secrets.token_hex(8)}", PATIENCE)
    keeper.look(f"{case}: before the end", "", 0.0)
    keeper.kept(f"{case}: before the end", 0.0)


@when("it is seen until when each database may be kept")
def see_ends(keeper: WebExpiry) -> None:
    keeper.expiries("the ends")


@when("the browser is ended, the session comes to its end, and it is started again without a network and with one")
def start_again(keeper: WebExpiry) -> None:
    keeper.end_browser()
    keeper.pass_time(keeper.absolute + MARGIN)
    keeper.start_browser("started without a network", is_offline=True)
    keeper.offline(False)
    keeper.reload("started again")
    keeper.kept("started again", LOOK)
    keeper.look("when it has come to rest", "", 0.0)


@when("he writes without a network, and the session comes to its absolute end")
def end_offline(keeper: WebExpiry) -> None:
    keeper.offline(True)
    keeper.write("", f"unsent {secrets.token_hex(8)}")
    keeper.pass_time(keeper.absolute + MARGIN)
    keeper.look("without a network", "", LOOK)
    keeper.kept("without a network", LOOK)
    keeper.offline(False)
    keeper.look("with a network again", "", LOOK)
    keeper.notes("at the server", "first")


@when("the session comes to its end while the browser's clock is set back two hours, and it meets the server again")
def end_set_back(keeper: WebExpiry) -> None:
    keeper.offline(True)
    keeper.pass_time(keeper.absolute + MARGIN, in_browser=SET_BACK)
    keeper.offline(False)
    keeper.look("set back", "", PATIENCE)
    keeper.kept("set back", LOOK)


@when("he signs in again, and the noted ends are altered before the session comes to its end")
def end_altered(keeper: WebExpiry) -> None:
    begin(keeper, "login again")
    keeper.tamper()
    keeper.pass_time(keeper.absolute + MARGIN, in_browser=0.0)
    keeper.reload("altered")
    keeper.kept("altered", LOOK)
    keeper.look("altered", "", 0.0)
