"""Phrases about a page that is open for long: many access tokens, clocks that are wrong, a computer that sleeps."""

from __future__ import annotations

from pytest_bdd import given, when

from harness.scene import Scene
from steps.sync_page import OTHER, Writer, a_writer

__all__ = ["OFF"]

OFF = {"right": 0.0, "ten minutes ahead": 600.0, "ten minutes behind": -600.0}
LIVES = 7  # of an access token, by each clock
LATER = 5.0  # seconds after which nobody is to use an older token any more
SOON = 10.0
PUSHED = 0.7  # seconds; a tab in the background pushes at once, but learns late that all is saved
PULLS = 31.0  # seconds after which it does
SLEEP = 2400.0


@given("a user at the page of his notes, with another tab in the background", target_fixture="writer")
def user_with_background_tab(scene: Scene) -> Writer:
    writer = a_writer(scene)
    writer.write("written before", 1, OTHER)
    writer.settle("saved before", OTHER)
    writer.page.hide(OTHER)
    return writer


@when("both tabs go on through seven lives of an access token, by each of these clocks of the browser")
def live_on(writer: Writer, datatable: list[list[str]]) -> None:
    for (clock,) in datatable[1:]:
        writer.page.skew(OFF[clock])
        for number in range(1, LIVES + 1):
            live(writer, f"{clock}, life {number}")
    writer.page.skew(0.0)
    writer.page.travel(PULLS)
    writer.settle("at the end", OTHER)


def live(writer: Writer, case: str) -> None:
    """One token's end, while the user writes, and the tab in the background a little later."""
    writer.page.expire()
    writer.page.watch()
    writer.page.call()
    writer.write(f"{case}: written", 6)
    writer.page.settle(f"{case}: saved", SOON)
    writer.page.travel(LATER)
    writer.page.call()
    writer.write(f"{case}: written in the background", 4, OTHER)
    writer.page.settle(f"{case}: in the background", PUSHED, OTHER)
    writer.page.traffic(f"{case}: the traffic")


@when("his computer sleeps for forty minutes")
def sleep(writer: Writer) -> None:
    writer.page.watch()
    writer.page.look("falling asleep")
    writer.page.travel(SLEEP)
    writer.page.look("awake")
    writer.write("written after the sleep", 1)
    writer.settle("saved after the sleep")
    writer.page.traffic("the traffic after the sleep")
