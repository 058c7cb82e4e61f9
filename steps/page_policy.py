"""Phrases about the policies of pages: what is sent, and what a browser makes of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pytest_bdd import given, when

from harness.ports.page_policy import PagePolicy
from harness.ports.shell import DesktopShell
from harness.probes.crawl import crawl
from harness.scene import Scene
from steps.caching import signed_in
from steps.token import first_client, issuer
from steps.web import browser_of

NOBODY = "registered-nowhere"


@when("every page of the web client and of the issuer is asked for, error pages included")
def ask_for_pages(scene: Scene) -> None:
    at = issuer(scene)
    with scene.where_offered():
        agent, web = signed_in(at, "login at the web client"), at.address.web
        own = sorted({urlsplit(url).netloc for url in (web, at.address.api, at.address.issuer) if url})
        hosts, evil = {"hosts": ", ".join(own)}, {"Origin": "https://evil.example"}
        about: dict[str, Any] = {"role": "web", **hosts}
        crawl(agent, "a page", web, at.address.web_data, kind="signed in", **hosts)
        for path in ("/login", "/login?notice=ended", "/settings"):
            at.new_agent().get("a page", f"{web}{path}", kind="login", **about)
        for path in ("/no-such-page", "/callback?error=access_denied&state=x", "/callback?code=x"):
            at.new_agent().get("a page", f"{web}{path}", kind="error", **about)
        at.new_agent().post("a page", f"{web}/logout", {}, headers=evil, kind="error", **about)
        at.authorize("a page", first_client(at), None, about={"kind": "issuer", **hosts})
        at.authorize("a page", first_client(at), None, {"client_id": NOBODY}, about={"kind": "error", **hosts})
        at.new_agent().get("a page", f"{at.address.issuer}/no-such-page", kind="error", **about)


@given("a signed-in user, and somebody who can put things into pages", target_fixture="policy")
def a_page(scene: Scene) -> PagePolicy:
    browser = browser_of(scene)
    policy = scene.port(
        "page policy", lambda recorder: scene.target.page_policy(scene.stage, browser, recorder), scene.stage
    )
    policy.log_in("login")
    return policy


@when("these are put into the user's page")
def inject(policy: PagePolicy, datatable: list[list[str]]) -> None:
    for (what,) in datatable[1:]:
        policy.inject("an injection", what)


@when("these are put into the page of the shell's window")
def inject_into_the_window(scene: Scene, shell: DesktopShell, datatable: list[list[str]]) -> None:
    policy = scene.port("shell policy", lambda recorder: scene.target.shell_policy(scene.stage, recorder))
    for (what,) in datatable[1:]:
        policy.inject("an injection into the window", what)


@when("a page of another origin frames these pages")
def frame(policy: PagePolicy, datatable: list[list[str]]) -> None:
    for (page,) in datatable[1:]:
        policy.frame("a frame", page)
