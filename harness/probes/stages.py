"""What is asked of several stages of one issuer at once: their metadata, what they say in clear, foreign codes."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from harness.probes import bff
from harness.probes.login import User
from harness.probes.oauth import OAuthIssuer
from harness.probes.stage_address import Client

__all__ = ["ask_for_metadata", "ask_in_clear", "origins_of"]


def ask_for_metadata(at: OAuthIssuer) -> None:
    """GET both metadata documents of the configured identifier (RFC 8414 §3 inserts its path, OpenID appends)."""
    issuer = urlsplit(at.address.issuer)
    origin, path = f"{issuer.scheme}://{issuer.netloc}", issuer.path.rstrip("/")
    documents = {
        "metadata": f"{origin}/.well-known/oauth-authorization-server{path}",
        "OpenID metadata": f"{origin}{path}/.well-known/openid-configuration",
    }
    for case, url in documents.items():
        at.new_agent().get(case, url, role="metadata", configured=at.address.issuer)


def ask_in_clear(at: OAuthIssuer, case: str, client: Client, user: User) -> None:
    """Without TLS: ask for the metadata, begin a login and go through with it, and redeem a fresh code."""
    metadata = f"{at.address.issuer}/.well-known/oauth-authorization-server"
    at = at.in_clear()
    at.new_agent().get(case, _in_clear(metadata), role="metadata")
    agent, query = at.new_agent(), urlencode(at.request(client)[0])
    first = agent.get(case, _in_clear(at.metadata["authorization_endpoint"]), query=query, role="authorize")
    bff.walk(agent, case, first, user, home=at.address.web, stop_at_callback=True)
    authorization = at.authorize(f"{case}: a code", client, user)
    at.redeem(case, authorization, client, endpoint=_in_clear(at.metadata["token_endpoint"]))


def origins_of(at: OAuthIssuer, client: Client | None = None) -> str:
    """Where users of the stage may be sent, for `about`: the origins of its issuer, its API and its web application
    (where none is described, of the client's redirect URI), and, for a native client only, the place on the user's own
    machine where it listens (RFC 8252 §7.1, §7.3)."""
    urls = {at.address.issuer, at.address.api, at.address.web or (client.redirect_uri if client else "")} - {""}
    if client is not None and client.native and _is_on_the_users_machine(client.redirect_uri):
        urls.add(client.redirect_uri)
    return " ".join(sorted({bff.origin_of(url) for url in urls}))


def _is_on_the_users_machine(redirect_uri: str) -> bool:
    parts = urlsplit(redirect_uri)
    return parts.scheme not in ("http", "https") or parts.hostname in ("127.0.0.1", "::1")


def _in_clear(url: str) -> str:
    return urlsplit(url)._replace(scheme="http").geturl()
