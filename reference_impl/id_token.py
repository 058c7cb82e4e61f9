"""What a client demands of an ID token before it believes anything in the same answer (OIDC Core 1.0 §3.1.3.7)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

ALGORITHM = "ES256"  # and nothing else: what a token says of its own algorithm is not asked
TYPE = "JWT"
LEEWAY = 60.0  # seconds, for clocks that differ


class InvalidIdToken(Exception):
    """The token is none, or not for this sign-in; the message names the first rule that it breaks."""


class UnknownKey(InvalidIdToken):
    """No key of the issuer's set has the token's ``kid``; a newer set may."""


@dataclass(frozen=True)
class Expected:
    """Whose token it must be: of this issuer, for this client, of the sign-in with this nonce, at this time."""

    issuer: str
    client_id: str
    nonce: str
    now: float


def validate(token: object, jwks: Mapping[str, object], expected: Expected) -> Mapping[str, object]:
    """Return the claims of a token of which all is right. Raises InvalidIdToken."""
    if not isinstance(token, str):
        raise InvalidIdToken("there is none")
    claims = _verified(token, jwks)
    if claims.get("iss") != expected.issuer:
        raise InvalidIdToken("it is of another issuer")
    # Rule 3: also a list with an audience besides that this client does not know is refused.
    if claims.get("aud") not in (expected.client_id, [expected.client_id]):
        raise InvalidIdToken("it is not for this client alone")
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise InvalidIdToken("another client asked for it")
    _check_times(claims, expected.now)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise InvalidIdToken("its nonce is not the one of this sign-in")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise InvalidIdToken("it names nobody")
    return claims


def _verified(token: str, jwks: Mapping[str, object]) -> Mapping[str, object]:
    """Return the claims of a token that a key of the set signed, the one that it names."""
    try:
        keys = KeySet.import_key_set(cast("KeySetSerialization", dict(jwks)))
        kid = jwt_kid(token)
        if kid not in {key.kid for key in keys.keys}:
            raise UnknownKey("no key of the issuer has its kid")
        decoded = jwt.decode(token, keys, algorithms=[ALGORITHM])
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise InvalidIdToken(f"its signature does not hold ({type(error).__name__})") from error
    # The same key signs access tokens, of type at+jwt (RFC 9068 §2.1); an ID token may leave its type out.
    if str(decoded.header.get("typ", TYPE)).upper() != TYPE:
        raise InvalidIdToken("it is a token of another type")
    return decoded.claims


def jwt_kid(token: str) -> str | None:
    """Return the id of the key that a token says it was signed with. Raises ValueError, JoseError for no token."""
    kid = jws.extract_compact(token.encode("ascii")).headers().get("kid")
    return kid if isinstance(kid, str) else None


def _check_times(claims: Mapping[str, object], now: float) -> None:
    expires, issued = claims.get("exp"), claims.get("iat")
    if not _is_time(expires) or now >= float(cast("float", expires)) + LEEWAY:
        raise InvalidIdToken("it has expired")
    if not _is_time(issued) or float(cast("float", issued)) > now + LEEWAY:
        raise InvalidIdToken("it was not issued yet")


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
