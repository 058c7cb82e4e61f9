"""Phrases about refresh tokens: rotated, kept, presented again."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from pytest_bdd import given, parsers, when

from harness.probes.authorization import Grant
from harness.probes.stage_address import Client
from harness.scene import Scene
from steps.effects import clock_of, use_until_refused
from steps.token import issuer, observe_life, session_with


@dataclass(frozen=True)
class Family:
    """A session with its refresh tokens, the first one first, and its newest access token."""

    client: Client
    tokens: tuple[str, ...] = field(repr=False)
    access: str = field(repr=False)


@when("a session of each client is refreshed five times in a row")
def refresh_in_a_row(scene: Scene) -> None:
    with scene.where_offered():
        for client in public(scene):
            with scene.where_offered():
                rotate(scene, session_with(scene, "session in a row", client), 5, "refresh in a row")


def public(scene: Scene) -> list[Client]:
    """The clients whose refresh tokens must rotate: of others the secret is asked for (RFC 9700 §2.2.2). Raises
    NotOffered where there is none."""
    address = issuer(scene).address
    found = [client for client in address.clients.values() if client.authentication == "none"]
    if not found:
        raise address.not_offered("public client", "each client that is described has a secret")
    return found


def rotate(scene: Scene, grant: Grant, times: int, case: str) -> Family:
    """Refresh a session, each time with the token of the time before."""
    family = Family(grant.client, (grant.refresh_token,), grant.access_token)
    for _ in range(times):
        family = renewed(scene, family, case)
    return family


def renewed(scene: Scene, family: Family, case: str = "rotation") -> Family:
    """The session after one more refresh; its newest tokens stay what they were where the answer has none."""
    answer = issuer(scene).refresh(case, family.tokens[-1], family.client).json()
    if answer.get("expires_in") is None:
        observe_life(scene, case, answer)
    newest = str(answer.get("refresh_token") or family.tokens[-1])
    access = str(answer.get("access_token") or family.access)
    return Family(family.client, (*family.tokens, newest), access)


@when("earlier refresh tokens, each of a session of its own, are presented after the reuse grace")
def present_earlier_tokens(scene: Scene) -> None:
    at = issuer(scene)
    with scene.where_offered():
        families = []
        for client in public(scene):
            with scene.where_offered():
                families += [rotated(scene, client, depth) for depth in range(1, 6)]
        clock_of(scene).advance(scene.stage, scene.parameter("reuse_grace") + 2)
        for family in families:
            session = str(len(family.tokens) - 1)
            at.refresh("earlier token after the grace", family.tokens[-2], family.client, about={"session": session})


def rotated(scene: Scene, client: Client, times: int) -> Family:
    """A new session that was refreshed so often."""
    return rotate(scene, session_with(scene, f"session {times}", client), times, f"session {times}: rotation")


@when("the desktop client refreshes its session several times, is restarted, and refreshes it once more")
def desktop_refreshes(scene: Scene) -> None:
    with scene.where_offered():
        desktop = scene.port("desktop", lambda recorder: scene.target.desktop(scene.stage, recorder))
        desktop.start("desktop start")
        desktop.log_in("desktop login")
        for _ in range(3):
            desktop.refresh("desktop refresh")
        desktop.start("desktop restart")
        desktop.refresh("desktop refresh after the restart")


@given("a user with sessions at two clients, two of which have been refreshed", target_fixture="sessions")
def sessions_at_two_clients(scene: Scene) -> dict[str, Family]:
    with scene.where_offered():
        scene.port("bus", lambda recorder: scene.target.bus(recorder)).open_window(scene.stage)
    address, client = issuer(scene).address, public(scene)[-1]
    sessions = {
        "stolen": rotate(scene, session_with(scene, "first session", client), 2, "rotation"),
        "stolen later": rotate(scene, session_with(scene, "second session", client), 1, "rotation"),
        "of the same client": rotate(scene, session_with(scene, "session of the same client", client), 0, ""),
    }
    with scene.where_offered():
        other = next((one for one in address.clients.values() if one != client), None)
        if other is None:
            raise address.not_offered("second client", "one client is described, and no other")
        sessions["of another client"] = rotate(scene, session_with(scene, "session of another client", other), 0, "")
    return sessions


@when(parsers.re(r"the first refresh token of one of them is presented again (?P<when>.+)"))
def present_first_token(scene: Scene, sessions: dict[str, Family], when: str) -> None:
    at = issuer(scene)
    if "half" in when:
        let_pass(scene, sessions, scene.parameter("refresh_absolute") / 2)
    else:
        clock_of(scene).advance(scene.stage, scene.parameter("reuse_grace") + 2)
    stolen = sessions["stolen"]
    steal(scene, "the first token", stolen, stolen.tokens[0])
    for which, other in sessions.items():
        if which.startswith("of "):
            at.refresh("other session", other.tokens[-1], other.client, about={"session": which})
    with scene.where_offered():
        scene.port("bus", lambda recorder: scene.target.bus(recorder)).capture("events of the theft", scene.stage)


def let_pass(scene: Scene, sessions: dict[str, Family], seconds: float) -> None:
    """Let time pass, and refresh the sessions on the way: none ends by inactivity, and the last access tokens live."""
    clock = clock_of(scene)
    times = math.ceil(seconds / (scene.parameter("refresh_idle") / 2))
    for _ in range(times):
        clock.advance(scene.stage, seconds / times)
        sessions |= {name: renewed(scene, family) for name, family in sessions.items()}


@when("the last refresh token but one of the other is presented again after the reuse grace")
def present_predecessor(scene: Scene, sessions: dict[str, Family]) -> None:
    stolen = renewed(scene, sessions["stolen later"])
    clock_of(scene).advance(scene.stage, scene.parameter("reuse_grace") + 2)
    steal(scene, "the last token but one", stolen, stolen.tokens[-2])


def steal(scene: Scene, which: str, family: Family, token: str) -> None:
    """Present a token that was rotated, then the newest tokens of its session."""
    at, about = issuer(scene), {"client": family.client.client_id, "replayed": which}
    with scene.where_offered():
        at.call_api("access before the theft", family.access, **about)
    began = time.monotonic()
    at.refresh("stolen token", token, family.client, about={"replayed": which})
    at.refresh("newest token", family.tokens[-1], family.client, about={"replayed": which})
    with scene.where_offered():
        use_until_refused(scene, "access after the theft", family.access, began, about)
