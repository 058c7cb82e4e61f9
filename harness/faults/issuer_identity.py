"""Faults of an issuer that is told by its requesters who it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from flask import Response, request

from harness.faults.registry import fault
from reference_impl.api.access_token import AccessTokens, Claims
from reference_impl.config import StageConfig
from reference_impl.events.occurrences import Session
from reference_impl.issuer.authorization import LoginFlow
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.token_endpoint import TokenEndpoint, TokenSet
from reference_impl.parts import Part

Metadata = Callable[[StageConfig], dict[str, object]]


def _forwarded_host() -> str | None:
    return request.headers.get("X-Forwarded-Host")


@fault("F-STAGE-05-a", "STAGE-05.E2", Part.TOKEN_ENDPOINT)
def the_issuer_of_a_token_comes_from_x_forwarded_host(real: TokenEndpoint) -> TokenEndpoint:
    class Credulous(TokenEndpoint):
        def _tokens(self, session: Session, refresh_token: str) -> TokenSet:
            host = _forwarded_host()
            named = replace(self, config=replace(self.config, issuer=f"https://{host}")) if host else self
            return TokenEndpoint._tokens(named, session, refresh_token)

    return Credulous(**vars(real))


@fault("F-STAGE-05-x1", "STAGE-05.E1", Part.METADATA)
def the_metadata_are_made_of_x_forwarded_host(real: Metadata) -> Metadata:
    return lambda config: _PerRequest(real(config), config.issuer, lambda: _https(_forwarded_host()))


@fault("F-STAGE-05-x2", "STAGE-05.E1", Part.METADATA)
def the_metadata_are_made_of_x_forwarded_port(real: Metadata) -> Metadata:
    def build(config: StageConfig) -> dict[str, object]:
        name = urlsplit(config.issuer).hostname
        return _PerRequest(
            real(config), config.issuer, lambda: _https(_with_port(name, request.headers.get("X-Forwarded-Port")))
        )

    return build


def _https(host: str | None) -> str | None:
    return f"https://{host}" if host else None


def _with_port(name: str | None, port: str | None) -> str | None:
    return f"{name}:{port}" if port else None


class _PerRequest(dict[str, object]):
    """A document whose issuer and endpoints are those of the request under way."""

    def __init__(self, document: dict[str, object], issuer: str, origin: Callable[[], str | None]) -> None:
        super().__init__(document)
        self._issuer, self._origin = issuer, origin

    def items(self) -> Any:  # json asks a dict for its items, and dict_items has no constructor
        origin, named = self._origin(), dict(super().items())
        if origin:
            named = {name: _moved(value, self._issuer, origin) for name, value in named.items()}
        return named.items()


def _moved(value: object, issuer: str, other: str) -> object:
    return value.replace(issuer, other) if isinstance(value, str) else value


@fault("F-STAGE-05-x3", "STAGE-05.E3", Part.ACCESS_TOKENS)
def the_api_takes_its_issuer_from_x_forwarded_host(real: AccessTokens) -> AccessTokens:
    class Credulous(AccessTokens):
        def claims_of(self, token: str) -> Claims:
            host = _forwarded_host()
            named = replace(self, issuer=f"https://{host}") if host else self
            return AccessTokens.claims_of(named, token)

    return Credulous(**vars(real))


@fault("F-STAGE-05-x4", "STAGE-05.E2", Part.TOKEN_ENDPOINT)
def a_refreshed_token_is_of_the_forwarded_host(real: TokenEndpoint) -> TokenEndpoint:
    """Only where a token is refreshed, and by the standard header."""

    class Credulous(TokenEndpoint):
        def refresh(self, state: IssuerState, refresh_token: str, client_id: str) -> TokenSet:
            _, _, host = request.headers.get("Forwarded", "").partition(";")[0].partition("host=")
            named = replace(self, config=replace(self.config, issuer=f"https://{host}")) if host else self
            return TokenEndpoint.refresh(named, state, refresh_token, client_id)

    return Credulous(**vars(real))


@fault("F-STAGE-05-x5", "STAGE-05.E1", Part.LOGIN_FLOW)
def a_login_goes_on_below_the_forwarded_prefix(real: LoginFlow) -> LoginFlow:
    """As behind a proxy that takes a part of the path away."""

    class Credulous(LoginFlow):
        def authorize(self) -> Response:
            prefix, response = request.headers.get("X-Forwarded-Prefix", ""), super().authorize()
            response.set_data(response.get_data(as_text=True).replace('action="/', f'action="{prefix}/'))
            return response

    return Credulous(**vars(real))


@fault("F-STAGE-05-x6", "STAGE-05.E1", Part.METADATA)
def the_metadata_are_made_of_x_forwarded_server(real: Metadata) -> Metadata:
    def origin() -> str | None:
        return _https(request.headers.get("X-Forwarded-Server"))

    return lambda config: _PerRequest(real(config), config.issuer, origin)


@fault("F-STAGE-05-x7", "STAGE-05.E1", Part.METADATA)
def the_metadata_take_the_scheme_of_the_standard_header(real: Metadata) -> Metadata:
    """As where a proxy ends TLS; no host is believed."""

    def build(config: StageConfig) -> dict[str, object]:
        host = urlsplit(config.issuer).netloc

        def origin() -> str | None:
            _, named, scheme = request.headers.get("Forwarded", "").partition("proto=")
            return f"{scheme}://{host}" if named else None

        return _PerRequest(real(config), config.issuer, origin)

    return build


@fault("F-STAGE-05-x8", "STAGE-05.E1", Part.LOGIN_FLOW)
def a_refusal_is_of_the_forwarded_host(real: LoginFlow) -> LoginFlow:
    """Which takes the client's defence against a mix-up away (RFC 9207 §2)."""

    class Credulous(LoginFlow):
        def _refuse(self, *refusal: Any) -> Response:
            host = _forwarded_host()
            named = replace(self, config=replace(self.config, issuer=f"https://{host}")) if host else self
            return LoginFlow._refuse(named, *refusal)

    return Credulous(**vars(real))
