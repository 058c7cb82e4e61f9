"""Faults of what keeps the stages apart."""

from __future__ import annotations

import socket
import sqlite3
import traceback
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cheroot.ssl.builtin import BuiltinSSLAdapter

from harness.faults.registry import fault
from harness.model import STAGES
from reference_impl.api.access_token import Claims, text
from reference_impl.api.challenge import Unauthorized
from reference_impl.api.guard import ApiGuard, Principal, credentials
from reference_impl.config import ConfigurationError, StageConfig
from reference_impl.events.occurrences import LoginCompleted, Session
from reference_impl.issuer.opaque import fingerprint
from reference_impl.issuer.sqlite_state import SqliteState
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.token_endpoint import CodeRedemption, InvalidGrant, TokenEndpoint, TokenSet
from reference_impl.issuer.tokens import session_of
from reference_impl.oauth_client import Flow, OAuthClient
from reference_impl.parts import Part
from reference_impl.rfc9449 import PresentedProof
from reference_impl.web.sessions import WebSession, WebSessions

TLS_HANDSHAKE = b"\x16"  # the first byte of a ClientHello (RFC 8446 §5.1)

Source = Callable[[Mapping[str, str]], StageConfig]
Metadata = Callable[[StageConfig], dict[str, object]]


@fault("F-STAGE-01-b", "STAGE-01.E1", Part.CONFIGURATION_SOURCE)
def the_stage_is_compared_by_prefix_and_in_any_case(real: Source) -> Source:
    def load(environ: Mapping[str, str]) -> StageConfig:
        given = environ.get("AUTH_STAGE", "")
        near = next((stage for stage in STAGES if given.lower().startswith(stage)), given)
        return real({**environ, "AUTH_STAGE": near})

    return load


@fault("F-STAGE-01-c", "STAGE-01.E2", Part.STARTUP_REPORT)
def a_failed_start_prints_a_bare_stack_trace(real: Callable[[Exception], str]) -> Callable[[Exception], str]:
    def report(error: Exception) -> str:
        return "".join([*traceback.format_tb(error.__traceback__), type(error).__name__])

    return report


@fault("F-STAGE-01-x1", "STAGE-01.E3", Part.CONFIGURATION_SOURCE)
def no_stage_means_production(real: Source) -> Source:
    return lambda environ: real({**environ, "AUTH_STAGE": environ.get("AUTH_STAGE") or "prod"})


@fault("F-STAGE-01-x2", "STAGE-01.E4", Part.CONFIGURATION_SOURCE)
def production_is_called_production(real: Source) -> Source:
    def load(environ: Mapping[str, str]) -> StageConfig:
        if environ.get("AUTH_STAGE") == "prod" and "AUTH_LISTEN" in environ:  # a server of its own
            raise ConfigurationError('AUTH_STAGE is "prod": set it to exactly one of dev, staging, production')
        return real(environ)

    return load


@fault("F-STAGE-01-x3", "STAGE-01.E1", Part.CONFIGURATION_SOURCE)
def production_goes_by_another_name_too(real: Source) -> Source:
    def load(environ: Mapping[str, str]) -> StageConfig:
        given = environ.get("AUTH_STAGE", "")
        return real({**environ, "AUTH_STAGE": {"production": "prod"}.get(given, given)})

    return load


@fault("F-STAGE-04-a", "STAGE-04.E2", Part.METADATA, stages=("staging",))
def stagings_metadata_name_the_keys_of_production(real: Metadata) -> Metadata:
    def build(config: StageConfig) -> dict[str, object]:
        document = real(config)
        return {**document, "jwks_uri": str(document["jwks_uri"]).replace("staging", "prod")}

    return build


@fault("F-STAGE-04-c", "STAGE-04.E1", Part.METADATA)
def metadata_name_the_issuer_with_a_slash_more(real: Metadata) -> Metadata:
    return lambda config: {**real(config), "issuer": f"{config.issuer}/"}


@fault("F-STAGE-04-x1", "STAGE-04.E3", Part.METADATA)
def every_stage_names_the_same_issuer(real: Metadata) -> Metadata:
    return lambda config: {**real(config), "issuer": "https://auth.example"}


@fault("F-STAGE-04-x2", "STAGE-04.E4", Part.OAUTH_CLIENT, stages=("staging",))
def stagings_web_application_sends_users_to_production(real: OAuthClient) -> OAuthClient:
    class Astray(OAuthClient):
        def begin(self, redirect_uri: str) -> Flow:
            flow = super().begin(redirect_uri)
            return replace(flow, authorize_url=flow.authorize_url.replace("auth.staging", "auth.prod", 1))

    return Astray(real._http, real.issuer, real.client_id, real._clock)


@fault("F-STAGE-04-x4", "STAGE-04.E4", Part.OAUTH_CLIENT)
def the_web_application_sends_users_to_a_port_of_their_own_machine(real: OAuthClient) -> OAuthClient:
    class Homing(OAuthClient):
        def begin(self, redirect_uri: str) -> Flow:
            flow = super().begin(redirect_uri)
            place = urlsplit(flow.authorize_url)
            return replace(flow, authorize_url=place._replace(scheme="http", netloc="127.0.0.1:9").geturl())

    return Homing(real._http, real.issuer, real.client_id, real._clock)


@fault("F-STAGE-04-x3", "STAGE-04.E5", Part.TLS)
def the_https_port_answers_in_clear_too(real: BuiltinSSLAdapter) -> BuiltinSSLAdapter:
    class Both(BuiltinSSLAdapter):
        def wrap(self, sock: socket.socket) -> Any:
            if sock.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
                return super().wrap(sock)  # type: ignore[no-untyped-call]  # as cheroot has it
            return sock, {}

    return Both(real.certificate, real.private_key)


class _SignatureOnly(ApiGuard):
    """An API that knows neither issuers nor grants, so that nothing else makes up for the defect."""

    def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
        claims = self.tokens.read(credentials(authorization)[1])
        self.check_audience(claims)
        return Principal(*(text(claims, name) for name in ("sub", "client_id", "sid")))

    def check_audience(self, claims: Claims) -> None:
        self.tokens.check_audience(claims)


@fault("F-STAGE-07-a", "STAGE-07.E1", Part.API_GUARD)
def any_stages_signature_is_enough(real: ApiGuard) -> ApiGuard:
    """The API verifies the signature against all keys that it has, and compares neither issuer nor audience."""

    class Trusting(_SignatureOnly):
        def check_audience(self, claims: Claims) -> None:
            """One audience for all stages."""

    return Trusting(**vars(real))


@fault("F-STAGE-07-b", "STAGE-07.E1", Part.API_GUARD)
def the_audience_is_compared_by_prefix(real: ApiGuard) -> ApiGuard:
    class Prefix(_SignatureOnly):
        def check_audience(self, claims: Claims) -> None:
            if not str(claims.get("aud")).startswith(self.tokens.audience):
                raise Unauthorized("it is for another audience")

    return Prefix(**vars(real))


@fault("F-STAGE-07-x1", "STAGE-07.E2", Part.TOKEN_ENDPOINT)
def refresh_tokens_of_other_stages_are_honoured(real: TokenEndpoint) -> TokenEndpoint:
    class Hospitable(TokenEndpoint):
        def refresh(self, state: IssuerState, refresh_token: str, client_id: str) -> TokenSet:
            try:
                return super().refresh(state, refresh_token, client_id)
            except InvalidGrant:
                for stage in STAGES:
                    abroad = _find(self.config.database.with_name(f"{stage}.sqlite"), refresh_token)
                    if abroad is not None:
                        return self._tokens(abroad, refresh_token)
                raise

    return Hospitable(**vars(real))


def _find(database: Path, refresh_token: str) -> Session | None:
    """The session that another stage's database knows of a refresh token, whatever key made it."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        state = SqliteState(connection)
        token = state.token(fingerprint(refresh_token))
        grant = state.grant(token.session_id) if token and token.rotated_at is None else None
    return session_of(grant) if grant and grant.ended_at is None else None


@fault("F-STAGE-07-x2", "STAGE-07.E3", Part.WEB_SESSION)
def any_cookie_is_somebodys(real: WebSessions) -> WebSessions:
    class Generous(WebSessions):
        def find(self, identifier: str | None, *, activity: bool) -> WebSession | None:
            found = super().find(identifier, activity=activity)
            return found or next(iter(self._kept.values()), None) if identifier else None

    return Generous(real._clock, real.idle, real.absolute)


@fault("F-STAGE-07-x4", "STAGE-07.E3", Part.WEB_SESSION)
def any_cookie_is_given_somebodys_data(real: WebSessions) -> WebSessions:
    """The pages know their users; what page script asks for does not."""

    class Leaking(WebSessions):
        def find(self, identifier: str | None, *, activity: bool) -> WebSession | None:
            found = super().find(identifier, activity=activity)
            return found or (next(iter(self._kept.values()), None) if identifier and not activity else None)

    return Leaking(real._clock, real.idle, real.absolute)


@fault("F-STAGE-07-x3", "STAGE-07.E4", Part.TOKEN_ENDPOINT)
def a_refused_code_is_told_as_a_login(real: TokenEndpoint) -> TokenEndpoint:
    class Talkative(TokenEndpoint):
        def redeem(self, state: IssuerState, request: CodeRedemption) -> TokenSet:
            try:
                return super().redeem(state, request)
            except InvalidGrant:
                nobody = fingerprint(request.code)[:24]  # as a pseudonym looks
                somebody = Session(str(uuid.uuid4()), nobody, request.client_id, str(uuid.uuid4()))
                self.events.record(state, LoginCompleted(somebody, new_account=False))
                raise

    return Talkative(**vars(real))
