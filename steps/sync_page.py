"""Phrases about a page that keeps its user's notes, and syncs them whenever it can."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from pytest_bdd import given, parsers, when

from harness.observations import SyncState
from harness.ports import SyncPage
from harness.scene import Scene
from steps.event import watched
from steps.web import browser_of

__all__ = ["OTHER", "Writer", "a_writer"]

SAVED = 30.0  # seconds within which all is saved, once nothing is in the way


@dataclass
class Writer:
    """A user at his page. Each of his notes has a text of its own."""

    page: SyncPage = field(repr=False)
    prefix: str = field(default_factory=lambda: secrets.token_hex(4))
    number: int = 0

    def texts(self, count: int) -> tuple[str, ...]:
        """The texts of his next notes."""
        first = self.number + 1
        self.number += count
        return tuple(f"note {number} {self.prefix}" for number in range(first, self.number + 1))

    def write(self, case: str, count: int, tab: str = "") -> None:
        self.page.write(case, self.texts(count), tab)

    def settle(self, case: str, tab: str = "") -> SyncState:
        return self.page.settle(case, SAVED, tab)


def a_writer(scene: Scene, on_disk: bool = False, user: str = "first") -> Writer:
    """A user who is signed in, with his notes before him, and whose traffic is watched from now on."""
    browser = browser_of(scene)
    page = scene.port(
        "sync page", lambda recorder: scene.target.sync_page(scene.stage, browser, recorder, on_disk), str(on_disk)
    )
    page.log_in("signed in", user)
    page.watch()
    return Writer(page)


@given("a user at the page of his notes", target_fixture="writer")
def user_at_page(scene: Scene) -> Writer:
    return a_writer(scene)


@when("he writes ten notes without a network, and his token expires before it is back")
def write_offline(writer: Writer) -> None:
    writer.page.offline(True)
    writer.write("written", 10)
    writer.page.expire()
    writer.page.watch()


@when("push, pull and another call start together")
def start_together(writer: Writer) -> None:
    writer.page.offline(False)
    writer.page.call()
    writer.settle("saved")
    writer.page.traffic("the traffic")


@when("the session is ended at the issuer, and he writes another note after his token has expired")
def write_after_the_end(scene: Scene, writer: Writer) -> None:
    writer.page.end_session()
    writer.page.expire()
    writer.page.watch()
    with watched(scene, "the session is over"):
        writer.write("written in vain", 1)
        writer.page.settle("the session is over", 5.0)
    writer.page.traffic("the traffic of the end")


@when(parsers.parse("the token endpoint answers refreshes so, and the user goes on writing"))
def go_through_failures(scene: Scene, writer: Writer, datatable: list[list[str]]) -> None:
    for (case,) in datatable[1:]:
        writer.page.expire()
        writer.page.watch()
        writer.page.token_endpoint(*FAILURES[case])
        writer.write(f"{case}: written", 1)
        writer.page.settle(f"{case}: while it lasts", 1.0)
        for _ in range(STEPS):
            writer.page.travel(STEP)
            if writer.page.settle(f"{case}: meanwhile", 0.4).unsaved == 0:
                break
        writer.page.traffic(f"{case}: the traffic")
        writer.page.token_endpoint()
        writer.page.travel(STEP)
        writer.settle(f"{case}: afterwards")


STEP, STEPS = 8.0, 8  # seconds that are skipped at once, and how often: a minute
FAILURES = {
    "500, five times": ("500",) * 5 + ("pass",),
    "connection reset, five times": ("reset",) * 10 + ("pass",),  # a client asks twice where nothing comes
    "429, to be tried again in 30 s": ("429", "pass"),
    "a captive portal's page": ("portal", "portal", "pass"),
}


@when("his refresh is never answered, and he goes on writing")
def hang(writer: Writer) -> None:
    writer.write("written before", 20)
    writer.settle("saved before")
    writer.page.expire()
    writer.page.watch()
    writer.page.refresh_hangs(True)
    writer.write("written while it hangs", 50)
    writer.page.settle("while it hangs", 1.0)
    writer.page.travel(HANGS)
    writer.page.settle("when it has waited", 0.5)
    writer.page.travel(HANGS)
    writer.page.settle("meanwhile", 0.5)
    writer.page.traffic("the traffic of the hang")


@when("it is answered again")
def recover(writer: Writer) -> None:
    writer.page.refresh_hangs(False)
    travel_until_saved(writer, "after the recovery", HANGS)


@when("another tab waits for a refresh that is never answered, and is closed")
def close_the_tab_that_waits(writer: Writer) -> None:
    writer.write("written in the other tab", 1, OTHER)
    writer.settle("the other tab", OTHER)
    writer.page.expire()
    writer.page.refresh_hangs(True)
    writer.write("written in the other tab again", 1, OTHER)
    writer.page.settle("the other tab waits", 1.0, OTHER)
    writer.write("written beside it", 1)
    writer.page.settle("the first tab waits for it", 1.0)
    writer.page.close_tab(OTHER)
    writer.page.refresh_hangs(False)
    travel_until_saved(writer, "when the other tab is closed", 5.0)


def travel_until_saved(writer: Writer, case: str, step: float) -> None:
    """Let time pass, step by step, until all is saved; the state at the end says how long that took."""
    writer.page.watch()
    for _ in range(TIMES):
        if writer.page.settle(f"{case}: meanwhile", 1.0).unsaved == 0:
            break
        writer.page.travel(step)
    writer.page.look(case)


OTHER = "other"
HANGS, TIMES = 13.0, 5
