"""Proofs of possession (RFC 9449) as a client makes them, and as an attacker would."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from joserfc.jwk import ECKey

from harness.probes.forgery import AttackerKeys, compact

__all__ = ["Holder", "ath"]


def ath(access_token: str) -> str:
    """The hash of an access token that a proof for it names (RFC 9449 §4.2)."""
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Holder:
    """Somebody with a key of his own, made for this once."""

    def __init__(self) -> None:
        self._keys = AttackerKeys()
        self.jwk = self._keys.jwk
        self.thumbprint = str(ECKey.import_key(self._keys.jwk).thumbprint())

    def proof(
        self,
        method: str,
        url: str,
        now: float,
        access_token: str = "",
        header: Mapping[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """A proof for one request, made at `now` (seconds of the epoch), with changes; None removes a member."""
        fields = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self._keys.jwk, **(header or {})}
        told = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(now)}
        bound = {"ath": ath(access_token)} if access_token else {}
        head, body = (
            {name: value for name, value in members.items() if value is not None}
            for members in (fields, {**told, **bound, **claims})
        )
        return compact(head, body, self._keys.sign)
