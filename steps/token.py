"""Phrases about authorization requests, codes and refresh tokens."""

from __future__ import annotations

from collections.abc import Mapping
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
}


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
        for case, challenge, method in datatable[1:]:
            changes: dict[str, str | None] = {}
            if challenge == "absent":
                changes["code_challenge"] = None
            elif challenge == "42 characters":
                changes["code_challenge"] = "x" * 42
            changes["code_challenge_method"] = None if method == "absent" else method
            about = {"client": client.client_id}
            at.authorize(case, client, at.address.users["existing"], changes, about=about)


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
    }
    if client.native:
        return {
            **changed,
            "localhost": uri.replace("127.0.0.1", "localhost"),
            "127.0.0.2": uri.replace("127.0.0.1", "127.0.0.2"),
            "other port and other path": f"{parts.scheme}://{parts.hostname}:49152/other",
            "https": uri.replace("http:", "https:", 1),
        }
    return {
        **changed,
        "subdomain": uri.replace("://", "://sub.", 1),
        "http": uri.replace("https:", "http:", 1),
        "other port": f"{parts.scheme}://{parts.hostname}:1{path}",
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


@when("one code is redeemed many times at once, round after round")
def race_codes(scene: Scene) -> None:
    at = issuer(scene)
    rounds = 50 if scene.depth == "full" else 10
    at.race("race", 20, rounds, first_client(at), at.address.users["existing"])


@when("a code is redeemed, its tokens are used, the code is redeemed again, and the tokens are used again")
def replay_code(scene: Scene) -> None:
    at, client = issuer(scene), first_client(issuer(scene))
    authorization = at.authorize("replay: code", client, at.address.users["existing"])
    tokens = at.redeem("first redemption", authorization, client).json()
    at.call_api("first use of the access token", str(tokens.get("access_token", "")))
    at.redeem("second redemption", authorization, client)
    scene.target.wait_for_revocation(scene.stage, scene.parameter("revoke_bound"))
    at.refresh("refresh after the replay", str(tokens.get("refresh_token", "")), client)
    at.call_api("access after the replay", str(tokens.get("access_token", "")))


@when("codes are redeemed one second before and two seconds after the end of their life")
def redeem_at_the_edge(scene: Scene) -> None:
    at, client = issuer(scene), first_client(issuer(scene))
    clock = scene.port("clock", lambda _: scene.target.clock())
    for case, offset in (("one second before", -1.0), ("two seconds after", 2.0)):
        authorization = at.authorize(f"{case}: code", client, at.address.users["existing"])
        clock.advance(scene.stage, scene.parameter("code_lifetime") + offset)
        at.redeem(case, authorization, client)


@when("a session is refreshed five times in a row")
def refresh_in_a_row(scene: Scene) -> None:
    at, grant = issuer(scene), log_in(scene, "session in a row")
    token = grant.refresh_token
    for _ in range(5):
        answer = at.refresh("refresh in a row", token, grant.client)
        token = str(answer.json().get("refresh_token", ""))


@when("earlier refresh tokens, each of a session of its own, are presented after the reuse grace")
def present_earlier_tokens(scene: Scene) -> None:
    at = issuer(scene)
    clock = scene.port("clock", lambda _: scene.target.clock())
    earlier: list[tuple[str, Grant]] = []
    for depth in range(1, 6):
        grant = log_in(scene, f"session {depth}")
        tokens = [grant.refresh_token]
        for _ in range(depth):
            answer = at.refresh(f"session {depth}: rotation", tokens[-1], grant.client)
            tokens.append(str(answer.json().get("refresh_token", "")))
        earlier.append((tokens[-2], grant))
    clock.advance(scene.stage, scene.parameter("reuse_grace") + 2)
    for depth, (token, grant) in enumerate(earlier, 1):
        at.refresh("earlier token after the grace", token, grant.client, session=str(depth))


@when("the desktop client refreshes its session several times")
def desktop_refreshes(scene: Scene) -> None:
    desktop = scene.port("desktop", lambda recorder: scene.target.desktop(scene.stage, recorder))
    desktop.start("desktop start")
    desktop.log_in("desktop login")
    for _ in range(3):
        desktop.refresh("desktop refresh")


@given("a user with two sessions, of which one has been refreshed twice", target_fixture="sessions")
def two_sessions(scene: Scene) -> dict[str, object]:
    at = issuer(scene)
    scene.port("bus", lambda recorder: scene.target.bus(recorder)).open_window(scene.stage)
    clients = list(at.address.clients.values())
    stolen, other = log_in(scene, "first session", clients[-1]), log_in(scene, "other session", clients[0])
    token, access = stolen.refresh_token, stolen.access_token
    for _ in range(2):
        tokens = at.refresh("rotation", token, stolen.client).json()
        token, access = str(tokens.get("refresh_token", "")), str(tokens.get("access_token", ""))
    return {"stolen": stolen, "newest": token, "access": access, "other": other}


@when(parsers.re(r"its first refresh token is presented again (?P<when>.+)"))
def present_stolen_token(scene: Scene, sessions: dict[str, object], when: str) -> None:
    at = issuer(scene)
    stolen, other = sessions["stolen"], sessions["other"]
    assert isinstance(stolen, Grant)
    assert isinstance(other, Grant)
    clock = scene.port("clock", lambda _: scene.target.clock())
    half = scene.parameter("refresh_absolute") / 2
    wait = half if "half" in when else scene.parameter("reuse_grace") + 2
    if "half" in when:  # keep the access token alive: the newest one is asked for after the wait
        clock.advance(scene.stage, wait)
        tokens = at.refresh("rotation", str(sessions["newest"]), stolen.client).json()
        sessions = {**sessions, "newest": tokens.get("refresh_token", ""), "access": tokens.get("access_token", "")}
    else:
        clock.advance(scene.stage, wait)
    at.call_api("access before the theft", str(sessions["access"]))
    at.refresh("stolen token", stolen.refresh_token, stolen.client)
    scene.target.wait_for_revocation(scene.stage, scene.parameter("revoke_bound"))
    at.refresh("newest token", str(sessions["newest"]), stolen.client)
    at.call_api("access after the theft", str(sessions["access"]))
    at.refresh("other session", other.refresh_token, other.client)
    scene.port("bus", lambda recorder: scene.target.bus(recorder)).capture("events of the theft", scene.stage)
