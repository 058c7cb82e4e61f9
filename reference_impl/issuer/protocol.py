"""The OAuth protocol around the issuer's decisions: Authlib's server, with its unsafe defaults overridden.

Authlib authenticates clients, dispatches grant types and words errors. What a code or refresh token is worth is
decided by token_endpoint.py and revocation.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Flask, Response, g

from reference_impl.issuer.clients import AuthlibClient, ClientRegistry
from reference_impl.issuer.introspection import Facts, Introspection
from reference_impl.issuer.revocation import GrantOfToken, Revocation, read_leaving
from reference_impl.issuer.token_endpoint import (
    OPENID,
    SCOPE,
    CodeRedemption,
    InvalidGrant,
    InvalidScope,
    TokenEndpoint,
    TokenSet,
)


class IssuerServer(AuthorizationServer):
    """Authlib's server for Flask, with the parts that its grant types ask."""

    def __init__(
        self,
        app: Flask,
        clients: ClientRegistry,
        endpoint: TokenEndpoint,
        revocation: Revocation,
        introspection: Introspection,
    ) -> None:
        self.clients = clients
        self.endpoint = endpoint
        self.revocation = revocation
        self.introspection = introspection
        super().__init__(app)
        self.scopes_supported = [SCOPE, OPENID]
        self.register_client_auth_method("client_secret_basic", client_by_secret)
        self.register_grant(CodeGrant)
        self.register_grant(RefreshGrant)
        self.register_endpoint(Revoke)
        self.register_endpoint(Introspect)

    def query_client(self, client_id: str | None) -> AuthlibClient | None:  # type: ignore[override]  # None: unknown
        client = self.clients.find(client_id)
        return AuthlibClient(client, self.clients) if client else None

    def authenticate_client(self, request: Any, methods: Any, endpoint: str = "token") -> AuthlibClient:
        """Authenticate a client the one way that it chose: whoever sends a header is judged by that (RFC 6749 §2.3)."""
        chosen = ["client_secret_basic" if request.headers.get("Authorization") else "none"]
        return cast("AuthlibClient", super().authenticate_client(request, chosen, endpoint))

    def check_authorization_request(self) -> None:
        """Validate response type and scope of the request under way. Raises authlib's OAuth2Error."""
        self.get_consent_grant()  # type: ignore[no-untyped-call]

    def answer_token_request(self) -> Response:
        """Answer POST /token."""
        return cast("Response", self.create_token_response())

    def answer_revocation(self) -> Response:
        """Answer POST /revoke."""
        return cast("Response", self.create_endpoint_response("revocation"))  # type: ignore[no-untyped-call]

    def answer_introspection(self) -> Response:
        """Answer POST /introspect."""
        return cast("Response", self.create_endpoint_response("introspection"))  # type: ignore[no-untyped-call]

    def refuse(self, error: OAuth2Error) -> Response:
        """Answer with an error in JSON (RFC 6749 §5.2)."""
        return self.handle_response(*error())

    def handle_response(self, status_code: int, payload: Any, headers: Any) -> Response:
        """Name the realm in a challenge, which Authlib leaves out."""
        named = [(name, CHALLENGE if name == "WWW-Authenticate" else value) for name, value in headers]
        return super().handle_response(status_code, payload, named)


def client_by_secret(
    query_client: Callable[[str | None], AuthlibClient | None], request: OAuth2Request
) -> AuthlibClient | None:
    """Return the client whose secret the header has; None for any other, and for what is no text (RFC 7617 §2)."""
    try:
        client_id, secret = extract_basic_authorization(dict(request.headers or {}))
    except ValueError:  # not ASCII, or not UTF-8 in it
        return None
    client = query_client(client_id)
    return client if client and secret and client.check_client_secret(secret) else None


CHALLENGE = 'Basic realm="issuer"'  # RFC 7617 §2; which error it was, the body says
Answer = tuple[int, dict[str, str | int], list[tuple[str, str]]]
NO_STORE = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")]


class CodeGrant(AuthorizationCodeGrant):
    """``grant_type=authorization_code``: the code is used up by the first request that names it."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def validate_token_request(self) -> None:
        client_id = self.authenticate_token_endpoint_client().get_client_id()
        form = self.request.form
        if not form.get("code"):
            raise InvalidRequestError("code is missing")
        redemption = CodeRedemption(
            form["code"], client_id, form.get("redirect_uri"), form.get("code_verifier"), g.get("thumbprint")
        )
        self.tokens = decided(lambda: self.server.endpoint.redeem(g.state, redemption))

    def create_token_response(self) -> Answer:  # type: ignore[override]  # the stubs say str, Authlib takes a dict
        return 200, self.tokens.body(), NO_STORE


class RefreshGrant(RefreshTokenGrant):
    """``grant_type=refresh_token``."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def validate_token_request(self) -> None:
        token, scope = (self.request.form.get(name) for name in ("refresh_token", "scope"))
        if not token:
            raise InvalidRequestError("refresh_token is missing")
        client_id = self._presenter()
        self.tokens = decided(lambda: self._exchange(token, client_id, scope))

    def _presenter(self) -> str:
        """Who presents the token. Whoever is not its client is told the same: nobody learns what clients there are."""
        try:
            return self.authenticate_token_endpoint_client().get_client_id()
        except InvalidClientError as stranger:
            if (self.request.headers or {}).get("Authorization"):
                raise  # a secret was tried, and is wrong: RFC 6749 §5.2
            raise InvalidGrantError from stranger

    def _exchange(self, token: str, client_id: str, scope: str | None) -> TokenSet:
        endpoint: TokenEndpoint = self.server.endpoint
        # First: a request for too much leaves the token as it is.
        given = endpoint.scope_of_refresh(g.state, token, client_id, scope)
        endpoint.check_key(g.state, token, client_id, g.get("thumbprint"))
        return replace(endpoint.refresh(g.state, token, client_id), scope=given)

    def create_token_response(self) -> Answer:  # type: ignore[override]  # the stubs say str, Authlib takes a dict
        return 200, self.tokens.body(), NO_STORE


class AnyHint:
    """There is a token; a hint at its type is passed over, whatever it is (RFC 7009 §2.2, RFC 7662 §2.1)."""

    def check_params(self, request: OAuth2Request, client: AuthlibClient) -> None:
        """Without a value it is as if the parameter were not there (RFC 6749 §3.1)."""
        if not request.form.get("token"):
            raise InvalidRequestError("token is missing")


class Revoke(AnyHint, RevocationEndpoint):
    """RFC 7009: 200 also for unknown tokens; another client's token is refused (§2.1)."""

    CLIENT_AUTH_METHODS = ("none",)

    def query_token(self, token_string: str, token_type_hint: str | None) -> RevocableGrant | None:
        grant = self.server.revocation.find(g.state, token_string)
        return RevocableGrant(grant) if grant else None

    def revoke_token(self, token: RevocableGrant, request: OAuth2Request) -> None:
        self.server.revocation.revoke(g.state, token.grant, read_leaving(request.form))


class Introspect(AnyHint, IntrospectionEndpoint):
    """RFC 7662: for resource servers alone, which authenticate with their secret (§2.1)."""

    def authenticate_endpoint_client(self, request: OAuth2Request) -> AuthlibClient:
        """Public clients have nothing to authenticate with, and so may not ask."""
        if not (request.headers or {}).get("Authorization"):
            raise InvalidClientError(status_code=401)
        client = super().authenticate_endpoint_client(request)  # type: ignore[no-untyped-call]  # as Authlib has it
        return cast("AuthlibClient", client)

    def check_permission(self, token: Facts, client: AuthlibClient, request: OAuth2Request) -> bool:
        """Say whether the client may know; otherwise it is told what holds for any unknown token (§2.2)."""
        return client.client.introspects

    def query_token(self, token_string: str, token_type_hint: str | None) -> Facts | None:
        return cast("Facts | None", self.server.introspection.facts_of(g.state, token_string))

    def create_introspection_payload(self, token: Facts | None) -> Facts:
        return {"active": True, **token} if token else {"active": False}


@dataclass(frozen=True)
class RevocableGrant:
    """A grant as Authlib's revocation endpoint asks about it."""

    grant: GrantOfToken

    def check_client(self, client: AuthlibClient) -> bool:
        """Say whether the grant is this client's."""
        return client.get_client_id() == self.grant.client_id


def decided(decision: Callable[[], TokenSet]) -> TokenSet:
    """Return what was decided, with a refusal in the protocol's words, and nothing more (RFC 6749 §5.2)."""
    try:
        return decision()
    except InvalidGrant as refusal:
        raise InvalidGrantError from refusal
    except InvalidScope as refusal:
        raise InvalidScopeError from refusal
