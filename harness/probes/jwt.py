"""What may be said of a token: its form, allow-listed header fields and claims, and whose published key verifies it."""

from __future__ import annotations

import base64
import binascii
import json
import warnings
from collections.abc import Mapping
from typing import Any, cast

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from harness.observations import TokenFacts

__all__ = ["read_token"]

HEADER = ("alg", "typ", "kid", "crit", "jku", "x5u")
CLAIMS = ("iss", "aud", "exp", "iat", "nbf", "client_id", "scope", "mode", "type", "azp", "token_use")
TYPES = ("EC", "RSA", "OKP")
MOST_KEYS = 100  # of a stage; to read a hundred thousand of them for each token would take the day
MOST_VALUES = 50  # of a claim
ALGORITHMS = ["ES256", "ES384", "RS256", "PS256", "EdDSA"]  # only asymmetric ones can be verified by a published key


def read_token(
    case: str, token: str, kind: str, mark: str, published: Mapping[str, Mapping[str, object]], stage: str
) -> TokenFacts:
    """The facts of `token`; `published` are the JWKS of all stages, the token's own stage asked first."""
    header, claims = _decode(token)
    first = sorted(published, key=lambda name: name != stage)
    return TokenFacts(
        case=case,
        about={"stage": stage},
        token=mark,
        token_kind=kind,
        form="jwt" if header else "opaque",
        header={name: _plain(header[name]) for name in HEADER if name in header},
        claims={**{name: _plain(claims[name]) for name in CLAIMS if name in claims}, **_confirmation(claims)},
        signed_by=next((name for name in first if _verifies(token, published[name])), ""),
        length=len(token),
    )


def _decode(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}, {}
    try:
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in parts[:2])
    except (ValueError, binascii.Error, RecursionError):
        return {}, {}
    return (header, claims) if isinstance(header, dict) and isinstance(claims, dict) else ({}, {})


def _confirmation(claims: Mapping[str, Any]) -> dict[str, object]:
    """The thumbprint of the key that a token is bound to (RFC 9449 §6.1)."""
    confirmation = claims.get("cnf")
    return {"cnf.jkt": _plain(confirmation["jkt"])} if isinstance(confirmation, dict) and "jkt" in confirmation else {}


def _plain(value: object) -> object:
    """A claim as it may be told: a text, number or truth value, or a list of such; of anything else its type."""
    if isinstance(value, list):
        return [_plain(item) if not isinstance(item, list) else "a list" for item in value[:MOST_VALUES]]
    return value if isinstance(value, str | int | float | bool | None) else f"a {type(value).__name__}"


def _verifies(token: str, keys: Mapping[str, object]) -> bool:
    if token.count(".") != 2:
        return False
    given = keys.get("keys")
    usable = (
        [key for key in given if isinstance(key, dict) and key.get("kty") in TYPES] if isinstance(given, list) else []
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a weak key is worth is for a check to say
            known = KeySet.import_key_set(cast("KeySetSerialization", {"keys": usable[:MOST_KEYS]}))
            jws.deserialize_compact(token, known, ALGORITHMS)
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        return False
    return True
