"""Phrases about recovery: an operator follows the documented procedures, and users notice."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from pytest_bdd import given, parsers, when

from harness.ports import Recovery
from harness.probes.bff import log_in as log_in_at_web
from harness.probes.http import HttpProbe
from harness.probes.stage_address import Client
from harness.scene import Scene
from steps.token import issuer

HERE, ELSEWHERE = "prod", "staging"
USERS = ("existing", "existing2")  # the name of one begins with the other's
BROKEN, SOUND = "no D-Bus session", "a sound secret store"
PROCEDURES = {
    "user": "End all sessions of a user",
    "stage": "End all sessions of a stage",
    "store": "Secure storage failed",
    "events": "Events did not reach the bus",
}


def recovery(scene: Scene) -> Recovery:
    return scene.port("recovery", lambda recorder: scene.target.recovery(recorder))


@dataclass
class Session:
    """A live session: with tokens that the harness holds, or with the web client's cookie."""

    name: str
    stage: str
    user: str
    client: Client | None = None
    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)
    agent: HttpProbe | None = None

    @property
    def about(self) -> dict[str, str]:
        return {"session": self.name, "stage": self.stage, "user": self.user}


@given(
    "ten live sessions of two users with names alike on two stages, some with an open realtime connection",
    target_fixture="sessions",
)
def ten_sessions(scene: Scene) -> list[Session]:
    with scene.where_offered():
        assert recovery(scene).operator  # first: where nobody operates, nobody need log in
        found = [session for stage in (HERE, ELSEWHERE) for session in _sessions_on(scene, stage)]
        _use(scene, found, "before")
        return found
    return []


def _sessions_on(scene: Scene, stage: str) -> list[Session]:
    at = issuer(scene, stage)
    first, *others = at.address.clients.values()
    found = []
    for user, clients in zip(USERS, ((first, *others[:1]), (first,)), strict=True):
        for client in clients:
            grant = at.log_in(f"session of {user}", client, at.address.users[user])
            name = f"{stage} {user} {client.client_id}"
            found.append(Session(name, stage, user, client, grant.access_token, grant.refresh_token))
        agent = at.new_agent()
        log_in_at_web(agent, f"web session of {user}", at.address.web, at.address.users[user])
        found.append(Session(f"{stage} {user} cookie", stage, user, agent=agent))
    realtime = _realtime(scene, stage)
    for session in found:
        if session.access and session.client == first:
            realtime.subscribe("connection", session.name, session.access)
    return found


def _realtime(scene: Scene, stage: str):  # type: ignore[no-untyped-def]
    return scene.port("realtime", lambda recorder: scene.target.realtime(stage, recorder), stage)


def _use(scene: Scene, sessions: list[Session], moment: str) -> None:
    """Use every session in each way that it has: API, refresh, cookie."""
    for session in sessions:
        at = issuer(scene, session.stage)
        if session.agent is not None:
            session.agent.get(moment, f"{at.address.web}/api/me", role="cookie", **session.about)
        elif session.client is not None:
            at.call_api(moment, session.access, **session.about)
            answer = at.refresh(moment, session.refresh, session.client, about=session.about).json()
            session.access = str(answer.get("access_token") or session.access)
            session.refresh = str(answer.get("refresh_token") or session.refresh)


@when("an operator ends the sessions of one of them on one stage, and then all on that stage")
def end_sessions(scene: Scene, sessions: list[Session]) -> None:
    with scene.where_offered():
        for moment, procedure, user in (("after the user", "user", USERS[0]), ("after the stage", "stage", "")):
            began = time.monotonic()
            name = issuer(scene, HERE).address.users[user].name if user else ""
            recovery(scene).carry_out(moment, PROCEDURES[procedure], HERE, name)
            _watch_connections(scene, sessions, moment, user, began)
            _use(scene, sessions, moment)


def _watch_connections(scene: Scene, sessions: list[Session], moment: str, user: str, began: float) -> None:
    """Those that must end are waited for; at the others one looks."""
    first = next(session.client for session in sessions if session.client)
    for session in sessions:
        if session.client is not None and session.client.client_id == first.client_id:
            ends = session.stage == HERE and user in ("", session.user)
            bound = scene.parameter("revoke_bound") if ends else 0.05
            _realtime(scene, session.stage).watch(moment, session.name, began, bound)


@given("a user whose desktop client finds no secure storage", target_fixture="broken")
def desktop_without_storage(scene: Scene) -> None:
    with scene.where_offered():
        assert recovery(scene).operator
        desktop = scene.port("desktop", lambda recorder: scene.target.desktop(HERE, recorder, BROKEN), BROKEN)
        desktop.start("start without secure storage")
        desktop.log_in("login without secure storage")
        recovery(scene).carry_out("check of the broken store", PROCEDURES["store"], HERE, situation=BROKEN)
        desktop.stop()


@when("the procedure for failed storage is followed, and the user starts again and signs in")
def repair_storage(scene: Scene) -> None:
    with scene.where_offered():
        recovery(scene).carry_out("check of the mended store", PROCEDURES["store"], HERE, situation=SOUND)
        desktop = scene.port("desktop", lambda recorder: scene.target.desktop(HERE, recorder, SOUND), SOUND)
        desktop.start("start after the repair")
        desktop.log_in("login after the repair")
        desktop.start("restart after the repair")


@given("logins whose events the bus refused", target_fixture="lost")
def lose_events(scene: Scene) -> tuple[str, ...]:
    with scene.where_offered():
        assert recovery(scene).operator
        bus = scene.port("bus", lambda recorder: scene.target.bus(recorder))
        bus.open_window(HERE)
        at = issuer(scene, HERE)
        first = next(iter(at.address.clients.values()))
        with recovery(scene).bus_refuses(HERE):
            for _ in range(3):
                at.log_in("login that nobody heard of", first, at.address.users["second"])
            return recovery(scene).lost_events(HERE)
    return ()


@when("the procedure for lost events is followed")
def redeliver(scene: Scene, lost: tuple[str, ...]) -> None:
    with scene.where_offered():
        bus = scene.port("bus", lambda recorder: scene.target.bus(recorder))
        bus.capture(f"before: {' '.join(lost)}", HERE)
        recovery(scene).carry_out("lost events", PROCEDURES["events"], HERE)
        bus.capture("after the procedure", HERE)


@when(parsers.parse("the log of the operations is read"))
def read_log(scene: Scene) -> None:
    with scene.where_offered():
        recovery(scene).log("operations")
