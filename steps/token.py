"""Phrases about authorization requests and where they lead."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urlencode, urlsplit

from pytest_bdd import given, when

from harness.ports import Issuer
from harness.probes.authorization import Grant
from harness.probes.stage_address import Client
from harness.scene import Scene

THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"  # of the key in RFC 7638 §3.1
FURTHER_MISTAKES: Mapping[str, Mapping[str, str | None]] = {
    "an unknown scope": {"scope": "everything-there-is"},
    "an unsupported response type": {"response_type": "token"},
    "no challenge": {"code_challenge": None, "code_challenge_method": None},
    "an unknown prompt": {"prompt": "none", "max_age": "not-a-number"},
    "an unknown client": {"client_id": "registered-nowhere"},
    "no client": {"client_id": None},
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


def session_with(scene: Scene, case: str, client: Client, kind: str = "refresh_token") -> Grant:
    """A new session that has such a token. Raises NotOffered where the issuer gives the client none."""
    grant = log_in(scene, case, client)
    if kind == "refresh_token" and not grant.refresh_token:
        raise issuer(scene).address.not_offered("refresh token", f"{client.client_id} was given none at its login")
    return grant


def observe_life(scene: Scene, case: str, answer: Mapping[str, object]) -> None:
    """Record what tells how long the access token of an answer lives, beside its expires_in: the token itself; and
    where neither does, its introspection, if there is one and a client with a secret to ask for it (RFC 7662 §2.1)."""
    at, access = issuer(scene), answer.get("access_token")
    if not isinstance(access, str) or not access:
        return
    facts = at.observe_token(case, access, "access_token")
    asks = [client for client in at.address.clients.values() if client.authentication != "none"]
    untold = answer.get("expires_in") is None and not (facts.form == "jwt" and "exp" in facts.claims)
    if untold and asks and at.metadata.get("introspection_endpoint"):
        at.introspect("introspection", access, asks[0], about={"client": asks[0].client_id})


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
    for client in clients:
        with scene.where_offered():
            for row in datatable[1:]:
                send_code_request(issuer(scene), client, *row)


def send_code_request(
    at: Issuer, client: Client, case: str, challenge: str, method: str, besides: str, state: str
) -> None:
    """The request that a row describes, with a state and without one as it says."""
    changes: dict[str, str | None] = {"code_challenge_method": None if method == "absent" else method}
    if challenge == "absent":
        changes["code_challenge"] = None
    elif challenge == "42 characters":
        changes["code_challenge"] = "x" * 42
    if besides != "nothing":
        changes[besides] = "n-0S6_WzA2Mj" if besides == "nonce" else THUMBPRINT
    for sent in state.split(" and "):
        asked = {**changes, "state": None} if sent == "absent" else changes
        about = {"client": client.client_id, "state": sent, "authentication": client.authentication}
        at.authorize(case, client, at.address.users["existing"], asked, about=about)


def changed_redirects(client: Client) -> dict[str, str]:
    """Redirect URIs near the registered one, by the name of the change. What is registered too is left out."""
    found = _changed(client, urlsplit(client.redirect_uri))
    registered = {client.redirect_uri, *client.other_redirect_uris}
    return {change: uri for change, uri in found.items() if uri not in registered}


def _changed(client: Client, parts: SplitResult) -> dict[str, str]:
    uri, host, path = client.redirect_uri, parts.netloc, parts.path
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
        "other path": f"{parts.scheme}://{host}/unregistered",
        "percent-encoded letter": f"{parts.scheme}://{host}/%{ord(path[1:2] or '/'):02x}{path[2:]}",
        "upper-case scheme": uri.replace(parts.scheme, parts.scheme.upper(), 1),
        "a space before it": f" {uri}",
        "a space after it": f"{uri} ",
        "a tab after it": f"{uri}\t",
        "a line feed after it": f"{uri}\n",
        "an encoded space after it": f"{uri}%20",
    }
    if client.native:
        return {
            **changed,
            "localhost": uri.replace("127.0.0.1", "localhost"),
            "127.0.0.2": uri.replace("127.0.0.1", "127.0.0.2"),
            "other port and other path": f"{parts.scheme}://{parts.hostname}:49152/unregistered",
            "https": uri.replace("http:", "https:", 1),
            "the other loopback address": uri.replace("127.0.0.1", "[::1]"),
        }
    return {
        **changed,
        "subdomain": uri.replace("://", "://sub.", 1),
        "http": uri.replace("https:", "http:", 1),
        "https": uri.replace("http:", "https:", 1),
        "other port": f"{parts.scheme}://{parts.hostname}:{2 if parts.port == 1 else 1}{path}",
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
    native = [client for client in clients if client.native]
    with scene.where_offered():
        if not native:
            raise at.address.not_offered("native client", "no client with a loopback redirect URI is described")
    for client in native:
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
