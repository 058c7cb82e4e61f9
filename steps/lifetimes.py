"""Phrases about how long access tokens and sessions live."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from pytest_bdd import given, when

from harness.probes.http import HttpProbe
from harness.probes.stage_address import Client
from harness.scene import Scene
from steps.effects import clock_of
from steps.token import issuer, log_in, observe_life

MARGIN = 2.0  # seconds past a limit
INTERVALS = 12  # of the absolute limit, at least
BELOW_IDLE = 0.8  # of the inactivity limit: a session that is refreshed so often is in use


@dataclass(frozen=True)
class Limits:
    """The limits of a session, in seconds; `stated_by` tells where the absolute one is written."""

    idle: float
    absolute: float
    stated_by: str = "policy"  # or documentation


class Passage:
    """The time that passes from now on, by the target's clock."""

    def __init__(self, scene: Scene) -> None:
        self._clock, self._stage = clock_of(scene), scene.stage
        self._began = self._clock.now(self._stage)

    @property
    def seconds(self) -> float:
        return self._clock.now(self._stage) - self._began

    def go_to(self, seconds: float) -> None:
        """Wait until so much time has passed. Raises NotOffered where that cannot be waited for."""
        self._clock.advance(self._stage, max(0.0, seconds - self.seconds))


@given("the lifetimes that are documented", target_fixture="limits")
def documented_lifetimes(scene: Scene) -> Limits:
    idle, absolute = scene.parameter("refresh_idle"), scene.parameter("refresh_absolute")
    with scene.where_offered():
        documentation = scene.port("documentation", lambda recorder: scene.target.documentation(recorder))
        stated = documentation.lifetimes("documented lifetimes", scene.stage).limits
        idle = stated["refresh_idle"].seconds if "refresh_idle" in stated else idle
        if "refresh_absolute" in stated:
            return Limits(idle, stated["refresh_absolute"].seconds, "documentation")
    return Limits(idle, absolute)


@when("each client logs in and refreshes, and its access tokens are read")
def read_access_tokens(scene: Scene, clients: list[Client]) -> None:
    at, about = issuer(scene), {"ahead": f"{ahead_of_the_wall(scene):.0f}"}
    for client in clients:
        user = at.address.users["existing"]
        answer = at.redeem("token at login", at.authorize("a login", client, user), client, about=about)
        observe_life(scene, "token at login", answer.json())
        if token := str(answer.json().get("refresh_token", "")):
            answer = at.refresh("token at refresh", token, client, about=about)
            observe_life(scene, "token at refresh", answer.json())


def ahead_of_the_wall(scene: Scene) -> float:
    """Seconds that the target's clock was set ahead: the Date of an answer may come from a clock that was not."""
    with scene.where_offered():
        return clock_of(scene).now(scene.stage) - time.time()
    return 0.0


@when("a session of each client is left idle past the inactivity limit, beside one that is in use")
def leave_idle(scene: Scene, clients: list[Client], limits: Limits) -> None:
    at = issuer(scene)
    with scene.where_offered():
        passage = Passage(scene)
        in_use = []  # opened first: they are to be the older ones
        for client in clients:
            with scene.where_offered():
                in_use.append(Used.since_login(scene, passage, "in use", client))
        if not in_use:
            return
        idle = [Used.since_login(scene, passage, "idle", session.client) for session in in_use]
        end = passage.seconds + limits.idle + MARGIN
        while passage.seconds < end:
            for session in in_use:
                session.renew(scene, passage)
            passage.go_to(min(end, passage.seconds + limits.idle / 2))
        for one, other in zip(idle, in_use, strict=True):
            at.refresh("after the inactivity limit", one.token, one.client, about=one.about(passage, limits))
            at.refresh("in use at the same age", other.token, other.client, about=other.about(passage, limits))


@when("a session of each client is refreshed again and again until its absolute limit has passed")
def refresh_to_the_end(scene: Scene, clients: list[Client], limits: Limits) -> None:
    interval = min(limits.absolute / INTERVALS, limits.idle * BELOW_IDLE)
    with scene.where_offered():
        passage, sessions = Passage(scene), []
        for client in clients:
            with scene.where_offered():
                sessions.append(open_session(scene, client, limits, interval, passage))
        if not sessions:
            return
        opened = passage.seconds
        for number in range(math.ceil(limits.absolute / interval) + 2):
            passage.go_to(opened + number * interval)
            for session in sessions:
                session.refresh(scene, passage.seconds)
        for session in sessions:
            session.log_in_again(scene)


@dataclass
class Used:
    """A session by its newest token; `born` and `last` are when its login, and that token, were answered."""

    client: Client
    token: str = field(repr=False)
    born: float
    last: float

    @classmethod
    def since_login(cls, scene: Scene, passage: Passage, case: str, client: Client) -> Used:
        token, now = first_token(scene, case, client), passage.seconds
        return cls(client, token, now, now)

    def renew(self, scene: Scene, passage: Passage) -> None:
        at = passage.seconds  # before it is asked: no longer ago than that can it be idle
        self.token, self.last = renew(scene, "in use: refresh", self.token, self.client), at

    def about(self, passage: Passage, limits: Limits) -> dict[str, str]:
        now = passage.seconds
        return {"age": f"{now - self.born:.3f}", "idle": f"{now - self.last:.3f}", "limit": f"{limits.idle:g}"}


@dataclass
class Session:
    """A session that is refreshed at intervals; `about` tells by which limits. `agent` is its user's browser; `born` is
    when its login was answered."""

    client: Client
    agent: HttpProbe
    token: str = field(repr=False)
    about: dict[str, str]
    born: float
    lives: bool = True

    def refresh(self, scene: Scene, now: float) -> None:
        """Refresh it, unless it was refused before."""
        if self.lives:
            about = {**self.about, "age": f"{now - self.born:.3f}"}
            answer = issuer(scene).refresh("refresh at an interval", self.token, self.client, about=about)
            self.lives = answer.status == 200
            self.token = str(answer.json().get("refresh_token") or self.token)

    def log_in_again(self, scene: Scene) -> None:
        """Ask for a code without the user, in the browser that logged in; then log in anew and refresh that session."""
        at, client = issuer(scene), self.client
        about = {"client": client.client_id}
        at.authorize("a code without the user", client, None, agent=self.agent, about=about)
        renew(scene, "session of a new login", first_token(scene, "a new login", client), client)


def open_session(scene: Scene, client: Client, limits: Limits, interval: float, passage: Passage) -> Session:
    at = issuer(scene)
    agent = at.new_agent()
    authorization = at.authorize("login", client, at.address.users["existing"], agent=agent)
    token = at.tokens_of("login", at.redeem("login", authorization, client)).get("refresh_token", "")
    about = {"absolute": f"{limits.absolute:g}", "interval": f"{interval:g}", "stated_by": limits.stated_by}
    return Session(client, agent, required(scene, token, client), about, passage.seconds)


def first_token(scene: Scene, case: str, client: Client) -> str:
    """The refresh token of a new session. Raises NotOffered where the issuer gives none."""
    return required(scene, log_in(scene, f"{case}: login", client).refresh_token, client)


def required(scene: Scene, token: str, client: Client) -> str:
    if not token:
        told = f"a login of {client.client_id!r} is answered without one"
        raise issuer(scene).address.not_offered("refresh token", told)
    return token


def renew(scene: Scene, case: str, token: str, client: Client) -> str:
    """The session's newest refresh token after a refresh: the old one where it is not rotated (RFC 6749 §6)."""
    answer = issuer(scene).refresh(case, token, client)
    return str(answer.json().get("refresh_token") or token)
