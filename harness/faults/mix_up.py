"""Faults of whose answer an authorization response is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from authlib.oauth2 import OAuth2Error
from flask import Response

from harness.faults.registry import fault
from reference_impl.issuer.authorization import LoginFlow
from reference_impl.oauth_client import Flow, OAuthClient
from reference_impl.parts import Part


@fault("F-TOKEN-06-a", "TOKEN-06.E1", Part.OAUTH_CLIENT)
def the_client_ignores_iss(real: OAuthClient) -> OAuthClient:
    class Trusting(OAuthClient):
        def check_issuer(self, flow: Flow, named: str | None) -> None:
            pass

    real.__class__ = Trusting
    return real


@fault("F-TOKEN-06-c", "TOKEN-06.E1", Part.OAUTH_CLIENT)
def iss_is_compared_after_url_normalisation(real: OAuthClient) -> OAuthClient:
    class Normalising(OAuthClient):
        def check_issuer(self, flow: Flow, named: str | None) -> None:
            parts = urlsplit(named or "")
            same = urlunsplit((parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))
            super().check_issuer(flow, same or None)

    real.__class__ = Normalising
    return real


@fault("F-TOKEN-06-x1", "TOKEN-06.E1", Part.OAUTH_CLIENT)
def an_answer_without_iss_is_taken_for_an_older_issuers(real: OAuthClient) -> OAuthClient:
    class Lenient(OAuthClient):
        def check_issuer(self, flow: Flow, named: str | None) -> None:
            super().check_issuer(flow, self.issuer if named is None else named)

    real.__class__ = Lenient
    return real


@fault("F-TOKEN-06-x2", "TOKEN-06.E2", Part.METADATA)
def the_metadata_do_not_tell_of_iss(real: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    flag = "authorization_response_iss_parameter_supported"
    return lambda config: {name: value for name, value in real(config).items() if name != flag}


@fault("F-TOKEN-06-x3", "TOKEN-06.E2", Part.LOGIN_FLOW)
def error_responses_have_no_iss(real: LoginFlow) -> LoginFlow:
    class Partial(LoginFlow):
        def _refuse(self, redirect_uri: str, state: str | None, error: OAuth2Error) -> Response:
            response = super()._refuse(redirect_uri, state, error)
            response.headers["Location"] = response.headers["Location"].partition("&iss=")[0]
            return response

    return Partial(**vars(real))


@fault("F-TOKEN-06-x6", "TOKEN-06.E2", Part.LOGIN_FLOW)
def iss_has_a_slash_that_the_metadata_lack(real: LoginFlow) -> LoginFlow:
    return replace(real, config=replace(real.config, issuer=f"{real.config.issuer}/"))


@fault("F-TOKEN-06-x7", "TOKEN-06.E1", Part.OAUTH_CLIENT)
def an_answer_of_another_issuer_leaves_the_sign_in_under_way(real: OAuthClient) -> OAuthClient:
    class Patient(OAuthClient):
        def is_answer(self, flow: Flow, callback: str) -> bool:
            named = parse_qs(urlsplit(callback).query).get("iss", [""])[0]
            return named == self.issuer and super().is_answer(flow, callback)

    real.__class__ = Patient
    return real


@fault("F-TOKEN-06-x4", "TOKEN-06.E3", Part.OAUTH_CLIENT)
def all_issuers_answer_at_one_address(real: OAuthClient) -> OAuthClient:
    class Shared(OAuthClient):
        def begin(self, redirect_uri: str) -> Flow:
            base, _, name = redirect_uri.rpartition("/")
            return super().begin(base if name in ("dev", "staging", "prod") else redirect_uri)

    real.__class__ = Shared
    return real


@fault("F-TOKEN-06-x5", "TOKEN-06.E3", Part.OAUTH_CLIENT)
def an_answer_is_taken_at_any_address(real: OAuthClient) -> OAuthClient:
    class Anywhere(OAuthClient):
        def check_arrival(self, flow: Flow, callback: str) -> None:
            pass

    real.__class__ = Anywhere
    return real
