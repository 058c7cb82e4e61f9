"""Phrases about the web client in a real browser."""

from __future__ import annotations

from pytest_bdd import given, when

from harness.model import ANY
from harness.ports import WebClient
from harness.scene import Scene


def browser_of(scene: Scene) -> str:
    """The cell's browser; the first of the target where the scenario does not care."""
    return scene.cell.browser if scene.cell.browser != ANY else next(iter(scene.target.browsers), "")


@given("a browser in which nobody is signed in", target_fixture="web")
def a_browser(scene: Scene) -> WebClient:
    return scene.port("web", lambda recorder: scene.target.web(scene.stage, scene.cell.browser, recorder), scene.stage)


@when("the user logs in, the session is renewed, and all cookies are noted")
def note_cookies(web: WebClient) -> None:
    web.log_in("login")
    web.set_cookies("login")
    web.jar("login")
    web.refresh("renewal")
    web.set_cookies("renewal")
    web.jar("renewal")


@when("other addresses of the same site are visited")
def visit_others(web: WebClient) -> None:
    for where in ("the client's own name", "sibling", "http"):
        web.sent_to(where, where)


@when("the user logs out")
def log_out(web: WebClient) -> None:
    web.log_out("logout")
    web.set_cookies("logout")
    web.jar("logout")


@when("the user logs in and everything that page script can reach is searched for tokens")
def log_in_and_search(web: WebClient) -> None:
    web.log_in("login")
    search(web, "login")


@when("the session is renewed twice and all is searched again")
def renew_and_search(web: WebClient) -> None:
    for _ in range(2):
        web.refresh("renewal")
    search(web, "renewal")


@when("the page is loaded again and all is searched once more")
def reload_and_search(web: WebClient) -> None:
    web.reload("reload")
    search(web, "reload")


@when("the client's other pages are opened and all is searched there")
def search_other_pages(web: WebClient) -> None:
    for page in ("settings", "login"):
        web.show(f"{page} page", page)
        search(web, f"{page} page")


def search(web: WebClient, case: str) -> None:
    """Search storages, page and answers."""
    web.scan_storages(case)
    web.scan_page(case)
    web.scan_answers(case)
