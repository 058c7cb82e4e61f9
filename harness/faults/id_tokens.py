"""Faults of how a client validates ID tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import requests
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from harness.faults.registry import fault
from reference_impl import id_token
from reference_impl.oauth_client import Flow, IdTokenRefused, OAuthClient, Tokens
from reference_impl.parts import Part


@fault("F-TOKEN-07-b", "TOKEN-07.E3", Part.OAUTH_CLIENT)
def the_access_token_is_used_before_the_id_token_is_validated(real: OAuthClient) -> OAuthClient:
    class Hasty(OAuthClient):
        def accept(self, flow: Flow, response: requests.Response) -> Tokens:
            token = response.json().get("access_token", "")
            self._http.get(f"{self.issuer}/me", headers={"Authorization": f"Bearer {token}"})
            return super().accept(flow, response)

    real.__class__ = Hasty
    return real


def _lenient(
    real: OAuthClient, excused: Callable[[Mapping[str, Any], Mapping[str, Any], str, str], bool]
) -> OAuthClient:
    """Takes what is refused, where header, claims, client and nonce say so."""

    class Lenient(OAuthClient):
        def check_id_token(self, token: object, nonce: str) -> None:
            try:
                super().check_id_token(token, nonce)
            except IdTokenRefused:
                if not isinstance(token, str) or not token.split(".")[2]:
                    raise
                header = jws.extract_compact(token.encode()).headers()
                known = KeySet.import_key_set(self._fetch_keys())  # type: ignore[arg-type]  # what the issuer sent
                try:
                    claims: Mapping[str, Any] = jwt.decode(token, known, algorithms=[id_token.ALGORITHM]).claims
                except Exception:  # noqa: BLE001 - whatever is wrong with it
                    claims = {}
                if not excused(header, claims, self.client_id, nonce):
                    raise

    real.__class__ = Lenient
    return real


@fault("F-TOKEN-07-x1", "TOKEN-07.E1", Part.OAUTH_CLIENT)
def the_nonce_is_not_compared(real: OAuthClient) -> OAuthClient:
    return _lenient(real, lambda header, claims, client, nonce: bool(claims.get("nonce")) and claims["nonce"] != nonce)


@fault("F-TOKEN-07-x2", "TOKEN-07.E1", Part.OAUTH_CLIENT)
def further_audiences_are_not_looked_at(real: OAuthClient) -> OAuthClient:
    def among(header: Mapping[str, Any], claims: Mapping[str, Any], client: str, nonce: str) -> bool:
        audience = claims.get("aud")
        return isinstance(audience, list) and client in audience

    return _lenient(real, among)


@fault("F-TOKEN-07-x3", "TOKEN-07.E1", Part.OAUTH_CLIENT)
def the_signature_is_not_verified(real: OAuthClient) -> OAuthClient:
    return _lenient(real, lambda header, claims, client, nonce: not claims)


@fault("F-TOKEN-07-x4", "TOKEN-07.E2", Part.SIGN_INS)
def a_sign_in_goes_on_after_its_id_token_was_refused(real: Any) -> Any:
    class Kept:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def take(self, *identifier: str) -> bool:
            return True

    return Kept()


@fault("F-TOKEN-07-x5", "TOKEN-07.E1", Part.OAUTH_CLIENT)
def the_id_token_may_be_missing(real: OAuthClient) -> OAuthClient:
    class Content(OAuthClient):
        def check_id_token(self, token: object, nonce: str) -> None:
            if token is not None:
                super().check_id_token(token, nonce)

    real.__class__ = Content
    return real


@fault("F-TOKEN-18-x3", "TOKEN-18.E2", Part.OAUTH_CLIENT)
def the_type_of_an_id_token_is_not_looked_at(real: OAuthClient) -> OAuthClient:
    def otherwise_sound(header: Mapping[str, Any], claims: Mapping[str, Any], client: str, nonce: str) -> bool:
        return header.get("typ") == "at+jwt" and claims.get("aud") == client and claims.get("nonce") == nonce

    return _lenient(real, otherwise_sound)


@fault("F-TOKEN-18-x4", "TOKEN-18.E2", Part.OAUTH_CLIENT)
def the_signature_of_an_access_token_is_all_that_counts(real: OAuthClient) -> OAuthClient:
    return _lenient(real, lambda header, claims, client, nonce: header.get("typ") == "at+jwt" and "nonce" not in claims)
