"""Phrases about a logout while there are notes in the browser, and about whoever comes next."""

from __future__ import annotations

from pytest_bdd import when

from steps.sync_page import Writer

HOLDER = "a tab that holds on"
RECOVERED = 8.0  # seconds, after which a refresh is tried again


@when("he writes three notes that cannot be saved yet, signs out, is asked, and stays")
def sign_out_unsaved(writer: Writer) -> None:
    writer.write("written online", 2)
    writer.settle("saved online")
    writer.page.expire()
    writer.page.token_endpoint("500")
    writer.write("written meanwhile", 3)
    writer.page.settle("not saved yet", 0.3)
    writer.page.log_out("asked about what is not saved", "stay")


@when("he loads the page again, signs out before his notes are there, is asked, and stays")
def sign_out_unopened(writer: Writer) -> None:
    writer.page.keep()
    writer.page.reload()
    writer.page.look("not open yet")
    writer.page.log_out("asked about what is not open yet", "stay")


@when("he signs out when they can be saved")
def sign_out_saved(writer: Writer) -> None:
    writer.page.token_endpoint()
    writer.page.travel(RECOVERED)
    sign_out(writer)


@when("he writes notes and signs out")
def write_and_sign_out(writer: Writer) -> None:
    writer.write("written", 2)
    writer.settle("saved")
    sign_out(writer)


def sign_out(writer: Writer) -> None:
    """Press the button with everything saved, and look at what is left."""
    writer.settle("before the logout")
    writer.page.log_out("signed out")
    writer.page.look("signed out")
    writer.page.traffic("the first user's traffic")


@when("another user signs in and writes")
def next_user(writer: Writer) -> None:
    writer.page.watch()
    writer.page.log_in("the next user", "second")
    writer.write("written by the next user", 1)
    writer.settle("saved by the next user")
    writer.page.traffic("the next user's traffic")


@when("he signs out while another tab holds the database open, and the first user comes back")
def sign_out_blocked(writer: Writer) -> None:
    writer.page.hold_open(HOLDER)
    writer.page.log_out("signed out while it is blocked")
    writer.page.look("signed out while it is blocked")
    writer.page.log_in_blocked("the next login, blocked", "first")
    writer.page.close_tab(HOLDER)
    writer.page.reload()
    writer.page.settle("the next login, unblocked", 10.0)
