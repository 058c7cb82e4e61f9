"""Phrases about authorization requests, codes and refresh tokens."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from pytest_bdd import given, parsers, when

from harness.ports import Issuer
from harness.probes.oauth import Client, Grant
from harness.scene import Scene

FURTHER_MISTAKES: Mapping[str, Mapping[str, str | None]] = {
    "an unknown scope": {"scope": "everything-there-is"},
    "an unsupported response type": {"response_type": "token"},
    "no challenge": {"code_challenge": None, "code_challenge_method": None},
    "an unknown prompt": {"prompt": "none", "max_age": "not-a-number"},
    "an unknown client": {"client_id": "registered-nowhere"},
    "no client": {"client_id": None},
}
ROUNDS = {"pr": 10, "full": 50}  # of the first client's race, by depth
OTHER_ROUNDS = 3  # of every other client's


@dataclass(frozen=True)
class Family:
    """A session with its refresh tokens, the first one first, and its newest access token."""

    client: Client
    tokens: tuple[str, ...]
    access: str


def issuer(scene: Scene, stage: str = "") -> Issuer:
    """The issuer of the cell's stage, or of another."""
    stage = stage or scene.stage
    return scene.port("issuer", lambda recorder: scene.target.issuer(stage, recorder), stage)


def first_client(issuer: Issuer) -> Client:
    return next(iter(issuer.address.clients.values()))


def log_in(scene: Scene, case: str, client: Client | None = None) -> Grant:
    """A new session of the stage's first user."""
    at = issuer(scene)
    return at.log_in(case, client or first_client(at), at.address.users["existing"])


@given("the registered public clients", target_fixture="clients")
def registered_clients(scene: Scene) -> list[Client]:
    at = issuer(scene)
    at.discover("metadata")
    return list(at.address.clients.values())


@given("a user who can log in", target_fixture="clients")
def a_user(scene: Scene) -> list[Client]:
    return list(issuer(scene).address.clients.values())


@when("each client sends these code requests, and logs in wherever it is let")
def send_code_requests(scene: Scene, clients: list[Client], datatable: list[list[str]]) -> None:
    at = issuer(scene)
    for client in clients:
        for case, challenge, method, state in datatable[1:]:
            changes: dict[str, str | None] = {"code_challenge_method": None if method == "absent" else method}
            if challenge == "absent":
                changes["code_challenge"] = None
            elif challenge == "42 characters":
                changes["code_challenge"] = "x" * 42
            for sent in state.split(" and "):
                asked = {**changes, "state": None} if sent == "absent" else changes
                about = {"client": client.client_id, "state": sent}
                at.authorize(case, client, at.address.users["existing"], asked, about=about)


def changed_redirects(client: Client) -> dict[str, str]:
    """Redirect URIs near the registered one, by the name of the change."""
    uri = client.redirect_uri
    parts = urlsplit(uri)
    host, path = parts.netloc, parts.path
    changed = {
        "extra path": f"{uri}/more",
        "trailing slash": f"{uri}/",
        "added query": f"{uri}?next=1",
        "fragment": f"{uri}#part",
        "other case in the path": uri.replace(path, path.swapcase()),
        "encoded dots": f"{uri}/%2e%2e/evil",
        "dots": f"{uri}/../evil",
        "backslash": f"{parts.scheme}://{host}\\@evil.example{path}",
        "user information": f"{parts.scheme}://{host}@evil.example{path}",
        "scheme-relative": f"//{host}{path}",
        "scheme without slashes": "https:evil.example",
        "another host": f"{parts.scheme}://evil.example{path}",
        "host suffix": f"{parts.scheme}://{parts.hostname}.evil.example{path}",
        "other path": f"{parts.scheme}://{host}/other",
        "percent-encoded letter": f"{parts.scheme}://{host}/%{ord(path[1]):02x}{path[2:]}",
        "upper-case scheme": uri.replace(parts.scheme, parts.scheme.upper(), 1),
    }
    if client.native:
        return {
            **changed,
            "localhost": uri.replace("127.0.0.1", "localhost"),
            "127.0.0.2": uri.replace("127.0.0.1", "127.0.0.2"),
            "other port and other path": f"{parts.scheme}://{parts.hostname}:49152/other",
            "https": uri.replace("http:", "https:", 1),
            "the other loopback address": uri.replace("127.0.0.1", "[::1]"),
        }
    return {
        **changed,
        "subdomain": uri.replace("://", "://sub.", 1),
        "http": uri.replace("https:", "http:", 1),
        "other port": f"{parts.scheme}://{parts.hostname}:1{path}",
        "upper-case host": uri.replace(host, host.upper(), 1),
    }


@when("code requests name redirect URIs that differ from the registered one")
def send_changed_redirects(scene: Scene, clients: list[Client]) -> None:
    at = issuer(scene)
    for client in clients:
        for case, uri in changed_redirects(client).items():
            at.authorize(
                "changed redirect URI",
                client,
                at.address.users["existing"],
                {"redirect_uri": uri},
                about={"change": case, "client": client.client_id},
            )
        query = urlencode([*at.request(client)[0].items(), ("redirect_uri", "https://evil.example/cb")])
        at.authorize(
            "changed redirect URI",
            client,
            at.address.users["existing"],
            raw_query=query,
            about={"change": "given twice", "client": client.client_id},
        )


@when("a native client names its registered redirect URI with another port")
def send_other_port(scene: Scene, clients: list[Client]) -> None:
    at = issuer(scene)
    for client in (client for client in clients if client.native):
        parts = urlsplit(client.redirect_uri)
        for port in (1024, 49152, 65535):
            uri = f"{parts.scheme}://{parts.hostname}:{port}{parts.path}"
            about = {"port": str(port), "client": client.client_id}
            at.authorize("another port", client, at.address.users["existing"], {"redirect_uri": uri}, about=about)


@when("requests with further mistakes name an unregistered redirect URI")
def send_further_mistakes(scene: Scene, clients: list[Client]) -> None:
    at = issuer(scene)
    for client in clients:
        for mistake, changes in FURTHER_MISTAKES.items():
            wrong = {**changes, "redirect_uri": "https://evil.example/cb"}
            about = {"mistake": mistake, "client": client.client_id}
            at.authorize("further mistake", client, at.address.users["existing"], wrong, about=about)


@when("one code of each client is redeemed many times at once, round after round")
def race_codes(scene: Scene, clients: list[Client]) -> None:
    at = issuer(scene)
    about = {"depth": scene.depth, "clients": " ".join(client.client_id for client in clients)}
    for number, client in enumerate(clients):
        rounds = OTHER_ROUNDS if number else ROUNDS[scene.depth]
        at.race("race", 20, rounds, client, at.address.users["existing"], **about)


@when("a code is redeemed, its tokens are used, the code is redeemed again, and the tokens are used again")
def replay_code(scene: Scene, clients: list[Client]) -> None:
    for client in clients:
        replay(scene, client, "at once", 0.0)


@when("the same is done with codes whose life is over by the second redemption")
def replay_old_code(scene: Scene, clients: list[Client]) -> None:
    for client in clients:
        replay(scene, client, "after its life", scene.parameter("code_lifetime") + 2)


def replay(scene: Scene, client: Client, when: str, wait: float) -> None:
    """Redeem a code twice, the second time after `wait` seconds of the test clock, and use the tokens."""
    at, about = issuer(scene), {"replay": when}
    authorization = at.authorize("replay: code", client, at.address.users["existing"])
    tokens = at.redeem("first redemption", authorization, client, about=about).json()
    access = str(tokens.get("access_token", ""))
    if wait:
        scene.port("clock", lambda _: scene.target.clock()).advance(scene.stage, wait)
    at.call_api("first use of the access token", access, client=client.client_id, **about)
    began = time.monotonic()
    at.redeem("second redemption", authorization, client, about=about)
    scene.target.wait_for_revocation(scene.stage, scene.parameter("revoke_bound"))
    at.call_api("access after the replay", access, client=client.client_id, after=since(began), **about)
    at.refresh("refresh after the replay", str(tokens.get("refresh_token", "")), client, about=about)


def since(began: float) -> str:
    """Seconds since a reading of the monotonic clock, for `about`."""
    return f"{time.monotonic() - began:.3f}"


@when("codes are redeemed one second before and two seconds after the end of their life")
def redeem_at_the_edge(scene: Scene, clients: list[Client]) -> None:
    at = issuer(scene)
    clock = scene.port("clock", lambda _: scene.target.clock())
    for case, offset in (("one second before", -1.0), ("two seconds after", 2.0)):
        codes = [(client, at.authorize(f"{case}: code", client, at.address.users["existing"])) for client in clients]
        clock.advance(scene.stage, scene.parameter("code_lifetime") + offset)
        for client, authorization in codes:
            at.redeem(case, authorization, client)


@when("a session of each client is refreshed five times in a row")
def refresh_in_a_row(scene: Scene, clients: list[Client]) -> None:
    for client in clients:
        rotate(scene, log_in(scene, "session in a row", client), 5, "refresh in a row")


def rotate(scene: Scene, grant: Grant, times: int, case: str) -> Family:
    """Refresh a session, each time with the token of the time before."""
    family = Family(grant.client, (grant.refresh_token,), grant.access_token)
    for _ in range(times):
        family = renewed(scene, family, case)
    return family


def renewed(scene: Scene, family: Family, case: str = "rotation") -> Family:
    """The session after one more refresh."""
    answer = issuer(scene).refresh(case, family.tokens[-1], family.client).json()
    newest, access = str(answer.get("refresh_token", "")), str(answer.get("access_token", ""))
    return Family(family.client, (*family.tokens, newest), access)


@when("earlier refresh tokens, each of a session of its own, are presented after the reuse grace")
def present_earlier_tokens(scene: Scene, clients: list[Client]) -> None:
    at = issuer(scene)
    families = [
        rotate(scene, log_in(scene, f"session {depth}", client), depth, f"session {depth}: rotation")
        for client in clients
        for depth in range(1, 6)
    ]
    scene.port("clock", lambda _: scene.target.clock()).advance(scene.stage, scene.parameter("reuse_grace") + 2)
    for family in families:
        session = str(len(family.tokens) - 1)
        at.refresh("earlier token after the grace", family.tokens[-2], family.client, about={"session": session})


@when("the desktop client refreshes its session several times, is restarted, and refreshes it once more")
def desktop_refreshes(scene: Scene) -> None:
    desktop = scene.port("desktop", lambda recorder: scene.target.desktop(scene.stage, recorder))
    desktop.start("desktop start")
    desktop.log_in("desktop login")
    for _ in range(3):
        desktop.refresh("desktop refresh")
    desktop.start("desktop restart")
    desktop.refresh("desktop refresh after the restart")


@given("a user with sessions at two clients, two of which have been refreshed", target_fixture="sessions")
def sessions_at_two_clients(scene: Scene) -> dict[str, Family]:
    scene.port("bus", lambda recorder: scene.target.bus(recorder)).open_window(scene.stage)
    clients = list(issuer(scene).address.clients.values())
    return {
        "stolen": rotate(scene, log_in(scene, "first session", clients[-1]), 2, "rotation"),
        "stolen later": rotate(scene, log_in(scene, "second session", clients[-1]), 1, "rotation"),
        "of the same client": rotate(scene, log_in(scene, "session of the same client", clients[-1]), 0, ""),
        "of another client": rotate(scene, log_in(scene, "session of another client", clients[0]), 0, ""),
    }


@when(parsers.re(r"the first refresh token of one of them is presented again (?P<when>.+)"))
def present_first_token(scene: Scene, sessions: dict[str, Family], when: str) -> None:
    at, stolen = issuer(scene), sessions["stolen"]
    clock = scene.port("clock", lambda _: scene.target.clock())
    if "half" in when:  # keep the access token alive: the newest one is asked for after the wait
        clock.advance(scene.stage, scene.parameter("refresh_absolute") / 2)
        stolen = renewed(scene, stolen)
    else:
        clock.advance(scene.stage, scene.parameter("reuse_grace") + 2)
    steal(scene, "the first token", stolen, stolen.tokens[0])
    for which in ("of another client", "of the same client"):
        at.refresh("other session", sessions[which].tokens[-1], sessions[which].client, about={"session": which})
    scene.port("bus", lambda recorder: scene.target.bus(recorder)).capture("events of the theft", scene.stage)


@when("the last refresh token but one of the other is presented again after the reuse grace")
def present_predecessor(scene: Scene, sessions: dict[str, Family]) -> None:
    stolen = renewed(scene, sessions["stolen later"])
    scene.port("clock", lambda _: scene.target.clock()).advance(scene.stage, scene.parameter("reuse_grace") + 2)
    steal(scene, "the last token but one", stolen, stolen.tokens[-2])


def steal(scene: Scene, which: str, family: Family, token: str) -> None:
    """Present a token that was rotated, then the newest tokens of its session."""
    at, about = issuer(scene), {"client": family.client.client_id, "replayed": which}
    at.call_api("access before the theft", family.access, **about)
    began = time.monotonic()
    at.refresh("stolen token", token, family.client, about={"replayed": which})
    scene.target.wait_for_revocation(scene.stage, scene.parameter("revoke_bound"))
    at.call_api("access after the theft", family.access, after=since(began), **about)
    at.refresh("newest token", family.tokens[-1], family.client, about={"replayed": which})
