"""Phrases about how long a session of the web client lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_bdd import given, when

from harness.errors import NotOffered
from harness.ports import Issuer
from harness.probes import bff
from harness.probes.http import HttpProbe
from harness.scene import Scene
from steps.lifetimes import Passage
from steps.stage import web_of
from steps.token import issuer

MARGIN = 60.0  # seconds before and after a limit
USERS = ("without traffic", "with background traffic", "active until the end", "active once")


@dataclass
class WebSessions:
    """Sessions at one web client, each in a browser of its own; `copies` are their cookies, as somebody took them."""

    at: Issuer
    idle: float
    absolute: float
    passage: Passage
    agents: Mapping[str, HttpProbe]
    copies: Mapping[str, str] = field(repr=False)

    def ask(self, case: str, user: str) -> None:
        """Ask what page script asks, by the copied cookie: it is no activity of a user."""
        path = next(iter(self.at.address.web_data), "/")
        about: dict[str, Any] = {"role": "web", "user": user, "after": f"{self.passage.seconds:.0f}"}
        sent = {"Cookie": self.copies[user]}
        self.at.new_agent().get(case, f"{self.at.address.web}{path}", headers=sent, **about)

    def background(self, user: str) -> None:
        """What a page does by itself: polls, and renews its session."""
        address, agent = self.at.address, self.agents[user]
        for path in address.web_data:
            agent.get("background traffic", f"{address.web}{path}", role="web", user=user)
        for route in address.web_routes:
            headers = {"Origin": bff.origin_of(address.web)}
            agent.send("background traffic", route.method, f"{address.web}{route.path}", headers=headers, role="web")

    def act(self, user: str) -> None:
        """What a user does: look at a page."""
        self.agents[user].get("a page", f"{self.at.address.web}/", role="web", user=user)


@given("web sessions of users, and the limits that are documented for them", target_fixture="sessions")
def web_sessions(scene: Scene) -> WebSessions:
    """Raises NotOffered where no limits are documented, or the target has no web client."""
    at = issuer(scene)
    web = web_of(at)
    documentation = scene.port("documentation", lambda recorder: scene.target.documentation(recorder))
    stated = documentation.lifetimes("documented limits", scene.stage).limits
    if not {"web_idle", "web_absolute"} <= stated.keys():
        raise NotOffered("documented limits of web sessions", "its documentation states none")
    agents = {user: at.new_agent() for user in USERS}
    for user, agent in agents.items():
        bff.log_in(agent, f"login: {user}", web, at.address.users["existing"])
    copies = {user: agent.cookies_for(f"{web}/") for user, agent in agents.items()}
    found = WebSessions(at, stated["web_idle"].seconds, stated["web_absolute"].seconds, Passage(scene), agents, copies)
    for user in USERS:
        found.ask("at first", user)
    return found


@when("the inactivity limit passes, in which one user does nothing, one's page polls, and two look at pages")
def pass_idle(sessions: WebSessions) -> None:
    for part in (0.25, 0.5, 0.75):
        sessions.passage.go_to(sessions.idle * part)
        sessions.background("with background traffic")
        sessions.act("active until the end")
        if part == 0.75:
            sessions.act("active once")
    sessions.passage.go_to(sessions.idle - MARGIN)
    for user in USERS:
        sessions.ask("before the inactivity limit", user)
    sessions.passage.go_to(sessions.idle + MARGIN)
    for user in USERS:
        sessions.ask("after the inactivity limit", user)
    sessions.act("active until the end")
    sessions.passage.go_to(sessions.idle * 1.75 + MARGIN)
    sessions.ask("the inactivity limit after a page", "active once")


@when("one user goes on looking at pages until the absolute limit")
def pass_absolute(sessions: WebSessions) -> None:
    user = "active until the end"
    while sessions.passage.seconds < sessions.absolute - MARGIN:
        sessions.act(user)
        sessions.passage.go_to(min(sessions.passage.seconds + sessions.idle * 0.9, sessions.absolute - MARGIN))
    sessions.act(user)
    sessions.ask("before the absolute limit", user)
    sessions.passage.go_to(sessions.absolute + MARGIN)
    about: dict[str, Any] = {"role": "web", "user": user}
    sessions.agents[user].get("a page after the absolute limit", f"{sessions.at.address.web}/", **about)
    sessions.ask("after the absolute limit", user)
