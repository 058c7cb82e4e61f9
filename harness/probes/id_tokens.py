"""ID tokens of an issuer that the harness runs: sound ones, and ones with a mistake (OIDC Core 1.0 §3.1.3.7)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey

__all__ = ["ACCESS_TOKENS", "MISTAKES", "IdTokens"]

Claims = dict[str, Any]
LIFETIME = 300  # seconds
API = "https://api.another.localhost"  # the audience of the access tokens


def without_nonce(claims: Claims) -> Claims:
    return {name: value for name, value in claims.items() if name != "nonce"}


# What each mistake does to the claims. Those of the signature are made where it is signed.
MISTAKES: Mapping[str, Callable[[Claims, str], Claims]] = {
    "nothing": lambda claims, earlier: claims,
    "no ID token": lambda claims, earlier: claims,
    "no nonce": lambda claims, earlier: without_nonce(claims),
    "the nonce of an earlier login": lambda claims, earlier: {**claims, "nonce": earlier},
    "the audience of another client": lambda claims, earlier: {**claims, "aud": "another-client"},
    "an audience besides": lambda claims, earlier: {**claims, "aud": [claims["aud"], "another-client"]},
    "the issuer of another stage": lambda claims, earlier: {**claims, "iss": "https://auth.another.localhost"},
    "expired": lambda claims, earlier: {**claims, "iat": claims["iat"] - 7200, "exp": claims["iat"] - 3600},
    "a wrong signature": lambda claims, earlier: claims,
    "an unknown key": lambda claims, earlier: claims,
    "no signature": lambda claims, earlier: claims,
    "the access token": lambda claims, earlier: {**without_nonce(claims), "aud": API, "client_id": claims["aud"]},
    "an access token for the client, with the nonce": lambda claims, earlier: {**claims, "client_id": claims["aud"]},
}
ACCESS_TOKENS = ("the access token", "an access token for the client, with the nonce")  # RFC 9068 §2


class IdTokens:
    """The keys of the issuer, and what it knows of the authorizations that it gave."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now`: the clock of the clients, in seconds since the epoch."""
        self._now = now
        self._key, self._foreign = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
        self._kid = str(self._key.thumbprint())
        self._expected: dict[str, tuple[str, str | None]] = {}
        self._earlier = secrets.token_urlsafe(32)

    def jwks(self) -> dict[str, Any]:
        public = dict(self._key.as_dict(private=False))
        return {"keys": [{**public, "kid": self._kid, "use": "sig", "alg": "ES256"}]}

    def expect(self, code: str, client_id: str, nonce: str | None) -> None:
        """Remember what a code was given for."""
        self._expected[code] = (client_id, nonce)

    def answer(self, issuer: str, code: str, mistake: str) -> dict[str, Any]:
        """A token response to this code; the ID token has the mistake."""
        client_id, nonce = self._expected.get(code, ("", None))
        now = int(self._now())
        claims = {"iss": issuer, "aud": client_id, "sub": "somebody", "iat": now, "exp": now + LIFETIME, "nonce": nonce}
        token = self._signed(MISTAKES[mistake](claims, self._earlier), mistake)
        self._earlier = nonce or self._earlier
        tokens = {"access_token": secrets.token_urlsafe(32), "refresh_token": secrets.token_urlsafe(32)}
        if mistake in ACCESS_TOKENS:
            tokens["access_token"] = token
        told = {**tokens, "token_type": "Bearer", "expires_in": LIFETIME, "scope": "openid api"}
        return told if mistake == "no ID token" else {**told, "id_token": token}

    def _signed(self, claims: Claims, mistake: str) -> str:
        payload, key = json.dumps(claims).encode(), self._key
        header = {"alg": "ES256", "typ": "at+jwt" if mistake in ACCESS_TOKENS else "JWT", "kid": self._kid}
        if mistake == "a wrong signature":
            key = self._foreign
        elif mistake == "an unknown key":
            key, header = self._foreign, {**header, "kid": str(self._foreign.thumbprint())}
        signed = jws.serialize_compact(header, payload, key, algorithms=["ES256"])
        if mistake != "no signature":
            return signed
        unsigned = jws.serialize_compact({"alg": "ES256", "typ": "JWT"}, payload, key, algorithms=["ES256"]).split(".")
        return f"{_NONE}.{unsigned[1]}."


_NONE = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"  # {"alg":"none","typ":"JWT"}
