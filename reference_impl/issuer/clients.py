"""Who may ask for tokens, and where answers may go."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from authlib.oauth2.rfc6749 import ClientMixin

from reference_impl.config import Client
from reference_impl.issuer.client_secrets import ClientSecrets

LOOPBACK_IP = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(/.*)")


class ClientRegistry:
    """The clients of one stage."""

    def __init__(self, clients: Iterable[Client], secrets: ClientSecrets | None = None) -> None:
        self._clients = {client.client_id: client for client in clients}
        self.secrets = secrets or ClientSecrets()

    def find(self, client_id: str | None) -> Client | None:
        """Return the client with exactly this id, or None."""
        return self._clients.get(client_id) if client_id else None

    def accepts_secret(self, client: Client, secret: str) -> bool:
        """Say whether this is a secret of the client's; a public client has none."""
        return client.confidential and self.secrets.accepts(client.client_id, secret)

    def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
        """Say whether an answer may go there: simple string comparison (RFC 9700 §2.1), nothing is normalised.

        Only the port of a native client's loopback IP address may be any (RFC 8252 §7.3).
        """
        if redirect_uri in client.redirect_uris:
            return True
        return client.native and any(_differs_by_port(uri, redirect_uri) for uri in client.redirect_uris)


def _differs_by_port(registered: str, presented: str) -> bool:
    parts = LOOPBACK_IP.fullmatch(registered)
    if parts is None:
        return False
    origin, path = (re.escape(part) for part in parts.groups())
    port = re.fullmatch(f"{origin}:([0-9]{{1,5}}){path}", presented)
    return port is not None and 0 < int(port[1]) < 65536


class AuthlibClient(ClientMixin):
    """A registered client as Authlib sees it: public, or with a secret that it sends in its header."""

    def __init__(self, client: Client, registry: ClientRegistry) -> None:
        self.client = client
        self._registry = registry

    def get_client_id(self) -> str:
        return self.client.client_id

    def get_default_redirect_uri(self) -> str:
        return ""  # redirect_uri is required: none is ever guessed

    def get_allowed_scope(self, scope: Collection[str] | str) -> str:
        return scope if isinstance(scope, str) else " ".join(scope or ())

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return self._registry.accepts_redirect(self.client, redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        return self._registry.accepts_secret(self.client, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == ("client_secret_basic" if self.client.confidential else "none")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")
