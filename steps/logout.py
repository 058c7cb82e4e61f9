"""Phrases about logging out: what becomes of a session's tokens, cookie and connections, and of the revocation."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import urlencode

from pytest_bdd import given, when

from harness.ports import Copies, DesktopClient, Issuer, Realtime, WebClient
from harness.probes.authorization import Grant
from harness.probes.revocation import find_revocation_endpoint
from harness.probes.stage_address import Client
from harness.scene import Scene
from steps.effects import clock_of, use_until_refused
from steps.token import issuer, log_in, session_with
from steps.web import browser_of

WEB, DESKTOP, RESTARTED = "web client", "desktop client", "desktop client, restarted"
AT_ONCE = 10.0  # seconds for what needs no time but the machine's: a message, the end of a connection
RETRY = 20.0  # seconds within which a client that failed to revoke tries again, once the network is back
BETWEEN = 0.5  # seconds between two looks
NO_TYPE = "pair_of_shoes"  # a hint that no RFC knows; what is sent with it is a token all the same
UNKNOWN = Client("registered-nowhere", "https://registered-nowhere.example/cb")


def web_client(scene: Scene) -> WebClient:
    browser = browser_of(scene)
    return scene.port("web", lambda recorder: scene.target.web(scene.stage, browser, recorder), scene.stage)


def desktop_client(scene: Scene) -> DesktopClient:
    return scene.port("desktop", lambda recorder: scene.target.desktop(scene.stage, recorder))


def realtime(scene: Scene) -> Realtime:
    return scene.port("realtime", lambda recorder: scene.target.realtime(scene.stage, recorder))


@given("a user who is signed in at the web client and at the desktop client", target_fixture="copies")
def signed_in_at_both(scene: Scene) -> dict[str, Copies]:
    """Copies of what each client holds, by the client's name."""
    copies: dict[str, Copies] = {}
    with scene.where_offered():
        web_client(scene).log_in(f"{WEB}: login")
        copies[WEB] = web_client(scene).copies(f"{WEB}: tokens")
    with scene.where_offered():
        desktop = desktop_client(scene)
        desktop.start(f"{DESKTOP}: start")
        desktop.log_in(f"{DESKTOP}: login")
        copies[DESKTOP] = desktop.copies(f"{DESKTOP}: tokens")
    for name, copy in copies.items():
        issuer(scene).call_api("access before the logout", copy.access_token, session=name)
        present_cookie(scene, "cookie before the logout", copy)
    return copies


@given("an open realtime connection of each session, and another session of the user", target_fixture="other")
def connections(scene: Scene, copies: Mapping[str, Copies]) -> Grant:
    """The other session is not logged out; what it does is told to all connections of the user."""
    other = log_in(scene, "another session")
    with scene.where_offered():
        channel = realtime(scene)
        for name, copy in copies.items():
            channel.subscribe("connection", name, copy.access_token)
            channel.provoke("a change before the logout", other.access_token)
            channel.receive("message before the logout", name, AT_ONCE)
    return other


@when("the user logs out of each client", target_fixture="began")
def log_out_of_each(scene: Scene, copies: Mapping[str, Copies]) -> dict[str, float]:
    """When each logout began, in monotonic seconds."""
    began: dict[str, float] = {}
    for name, log_out in logouts(scene, copies).items():
        began[name] = time.monotonic()
        log_out(f"{name}: logout")
        at, copy = issuer(scene), copies[name]
        after = f"{time.monotonic() - began[name]:.3f}"
        at.refresh("refresh after the logout", copy.refresh_token, client_of(at, copy), about=told(name, after=after))
    return began


def logouts(scene: Scene, copies: Mapping[str, Copies]) -> dict[str, Callable[[str], object]]:
    """How the user logs out of each client at which he is signed in."""
    ways: dict[str, Callable[[str], object]] = {}
    if WEB in copies:
        ways[WEB] = web_client(scene).log_out
    if DESKTOP in copies:
        ways[DESKTOP] = desktop_client(scene).log_out
    return ways


def client_of(at: Issuer, copy: Copies) -> Client:
    """The registered client that holds these tokens."""
    return next(client for client in at.address.clients.values() if client.client_id == copy.client_id)


def told(name: str, **more: str) -> dict[str, str]:
    return {"session": name, **more}


@when("copies of its access token and its cookie are presented again")
def present_copies(scene: Scene, copies: Mapping[str, Copies], began: Mapping[str, float]) -> None:
    for name, copy in copies.items():
        use_until_refused(scene, "access after the logout", copy.access_token, began[name], told(name))
        present_cookie(scene, "cookie after the logout", copy)


def present_cookie(scene: Scene, case: str, copy: Copies) -> None:
    """Ask the web client for its user's data with a copy of the cookie, where there is one."""
    at = issuer(scene)
    for path in at.address.web_data if copy.cookie else ():
        at.new_agent().get(case, f"{at.address.web}{path}", headers={"Cookie": copy.cookie}, role="web", path=path)


@when("the connections are watched, and opened again with the copies")
def watch_connections(scene: Scene, copies: Mapping[str, Copies], began: Mapping[str, float], other: Grant) -> None:
    with scene.where_offered():
        channel = realtime(scene)
        for name, copy in copies.items():
            if channel.watch("connection after the logout", name, began[name], AT_ONCE).open:
                clock_of(scene).advance(scene.stage, scene.parameter("revoke_bound"))
                if channel.watch("connection after the bound", name, began[name], AT_ONCE / 2).open:
                    channel.provoke("a change after the bound", other.access_token)
                    channel.receive("message after the bound", name, AT_ONCE / 2)
            channel.subscribe("connection opened again", f"{name}, again", copy.access_token)


@dataclass(frozen=True)
class Endpoint:
    """Where tokens are revoked; "" where the issuer has no such endpoint."""

    url: str


@when("the endpoint for revocation is looked for", target_fixture="endpoint")
def look_for_endpoint(scene: Scene, clients: list[Client]) -> Endpoint:
    with scene.where_offered():
        return Endpoint(find_revocation_endpoint(issuer(scene), "search for the endpoint", clients[0]))
    return Endpoint("")


@when(
    "each client revokes a refresh token and an access token of its own, also with the hint of another type or of none"
)
def revoke_own(scene: Scene, clients: list[Client], endpoint: Endpoint) -> None:
    hints = {"refresh_token": "access_token", "access_token": "refresh_token"}
    for client in clients if endpoint.url else ():
        for kind, other in hints.items():
            revoke_one(scene, "own token", client, kind, endpoint, {})
            revoke_one(scene, "own token with a wrong hint", client, kind, endpoint, {"token_type_hint": other})
            revoke_one(scene, "own token with an unknown hint", client, kind, endpoint, {"token_type_hint": NO_TYPE})


def revoke_one(
    scene: Scene, case: str, client: Client, kind: str, endpoint: Endpoint, changes: Mapping[str, str | None]
) -> None:
    """Log in, revoke one of the tokens, and present it again."""
    at, about = issuer(scene), {"client": client.client_id, "token": kind}
    with scene.where_offered():
        grant = session_with(scene, f"{case}: login", client, kind)
        token = grant.refresh_token if kind == "refresh_token" else grant.access_token
        if kind == "access_token":
            at.call_api(f"{case}: before", token, **about)
        began = time.monotonic()
        at.revoke(case, token, client, changes=changes, endpoint=endpoint.url, about=about)
        if kind == "refresh_token":
            at.refresh(f"{case}: presented again", token, client, about=about)
        else:
            use_until_refused(scene, f"{case}: presented again", token, began, about)


@when("each client revokes the tokens of another, and a token that nobody issued")
def revoke_foreign(scene: Scene, clients: list[Client], endpoint: Endpoint) -> None:
    at = issuer(scene)
    for client in clients if endpoint.url else ():
        stranger = next((each for each in clients if each.client_id != client.client_id), UNKNOWN)
        about = {"client": client.client_id, "revoker": stranger.client_id}
        at.revoke("unknown token", secrets.token_urlsafe(32), client, endpoint=endpoint.url, about=about)
        with scene.where_offered():
            grant = session_with(scene, "token of another client: login", client)
            tokens = {"refresh_token": grant.refresh_token, "access_token": grant.access_token}
            for kind, token in tokens.items():
                sent = {**about, "token": kind}
                at.revoke("token of another client", token, stranger, endpoint=endpoint.url, about=sent)
            at.call_api("token of another client: used again", grant.access_token, **about)  # a refresh may end it
            at.refresh("token of another client: presented again", grant.refresh_token, client, about=about)


@when("each client names a token of its own in a GET request")
def revoke_by_get(scene: Scene, clients: list[Client], endpoint: Endpoint) -> None:
    at = issuer(scene)
    for client in clients if endpoint.url else ():
        with scene.where_offered():
            about = {"client": client.client_id}
            grant = session_with(scene, "GET: login", client)
            query = urlencode({"token": grant.refresh_token, "client_id": client.client_id})
            at.new_agent().get("GET", endpoint.url, query=query, role="revocation", **about)
            at.refresh("GET: presented again", grant.refresh_token, client, about=about)


@when("the user logs out of each client while the endpoint for revocation cannot be reached, until it can be again")
def log_out_without_network(scene: Scene, copies: Mapping[str, Copies]) -> None:
    with scene.where_offered():
        with network_failure(scene):
            for name, log_out in logouts(scene, copies).items():
                log_out(f"{name}: logout")
                present_cookie(scene, "cookie after the logout", copies[name])
            if DESKTOP in copies:
                desktop_client(scene).call_api(f"{DESKTOP}: use after the logout")
        present_when_refused(scene, copies)


@when("the desktop client is restarted between such a logout and the return of the network")
def restart_before_retry(scene: Scene) -> None:
    with scene.where_offered():
        desktop = desktop_client(scene)
        desktop.log_in(f"{RESTARTED}: login")
        copies = {RESTARTED: desktop.copies(f"{RESTARTED}: tokens")}
        issuer(scene).call_api("access before the logout", copies[RESTARTED].access_token, **told(RESTARTED))
        with network_failure(scene):
            desktop.log_out(f"{RESTARTED}: logout")
            desktop.stop()
        desktop.start(f"{RESTARTED}: restart")
        present_when_refused(scene, copies)


def network_failure(scene: Scene) -> AbstractContextManager[None]:
    """While it lasts, no client reaches the endpoint; each try is recorded."""
    admin = scene.port("admin", lambda _: scene.target.admin())
    return admin.revocation_unreachable(scene.stage, scene.recorder, "revocation without a network")


def present_when_refused(scene: Scene, copies: Mapping[str, Copies]) -> None:
    """Wait until the access tokens are refused, or a retry should long have been made; only then present the refresh
    tokens: presented too early, they would be renewed and prove nothing."""
    at, end = issuer(scene), time.monotonic() + RETRY
    for name, copy in copies.items():
        while accepts(at, copy) and time.monotonic() < end:
            time.sleep(BETWEEN)
        at.call_api("access after the retry", copy.access_token, **told(name))
        at.refresh("refresh after the retry", copy.refresh_token, client_of(at, copy), about=told(name))


def accepts(at: Issuer, copy: Copies) -> bool:
    """Whether the API still takes the access token; not recorded, for it is asked again and again."""
    headers = {"Authorization": f"Bearer {copy.access_token}"}
    return at.new_agent().get("", at.address.protected, headers=headers, record=False).status == 200
