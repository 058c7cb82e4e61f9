"""Who may call the API: bearers of a live access token of this stage's issuer, for this API (RFC 6750, RFC 9068 §4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from reference_impl.clock import Clock

ALGORITHMS = ("ES256",)
TYPES = ("at+jwt", "application/at+jwt")  # RFC 9068 §4; media types know no case
LONGEST_LIFETIME = 3600.0  # seconds; RFC 6750 §5.3

Jwks = Mapping[str, Sequence[Mapping[str, object]]]
KeySource = Callable[[], Jwks]
Claims = Mapping[str, object]


class GrantStatus(Protocol):
    """Tells whether a grant goes on; the issuer's token store behind it."""

    def is_active(self, session_id: str) -> bool:
        """Say whether the grant's access tokens may be used; an unknown grant's may not."""


@dataclass(frozen=True)
class Principal:
    """For whom a request is made."""

    subject: str
    client_id: str
    session_id: str


class Unauthorized(Exception):
    """The request is answered 401. ``error`` is None where no token was sent (RFC 6750 §3.1)."""

    def __init__(self, description: str, error: str | None = "invalid_token") -> None:
        self.error, self.description = error, description
        super().__init__(description)

    def challenge(self) -> str:
        """Return the WWW-Authenticate header's value."""
        if self.error is None:
            return "Bearer"
        return f'Bearer error="{self.error}", error_description="{self.description}"'


@dataclass(frozen=True)
class ApiGuard:
    """Judges access tokens. Each rule is a method that raises Unauthorized."""

    issuer: str
    audience: str
    keys: KeySource
    grants: GrantStatus
    clock: Clock
    leeway: float = 60.0  # seconds between the clocks of issuer and API

    def admit(self, authorization: str | None) -> Principal:
        """Return who a request's Authorization header speaks for. Raises Unauthorized."""
        claims = self.read(bearer_token(authorization))
        self.check_issuer(claims)
        self.check_audience(claims)
        self.check_times(claims)
        principal = Principal(text(claims, "sub"), text(claims, "client_id"), text(claims, "sid"))
        self.check_grant(principal)
        return principal

    def read(self, token: str) -> Claims:
        """Return the claims of a token whose type, algorithm, key and signature hold."""
        try:
            header = jws.extract_compact(token.encode("ascii")).headers()
            if str(header.get("typ", "")).lower() not in TYPES:
                raise Unauthorized("it is no access token")
            key = self.find_key(header.get("kid"))
            return jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError) as error:
            raise Unauthorized("it is malformed, or its signature does not hold") from error

    def find_key(self, kid: object) -> ECKey:
        """Return the trusted key with this id; the token's other hints at keys are not looked at (RFC 8725 §3.10)."""
        for jwk in self.keys()["keys"]:
            if jwk.get("kid") == kid and jwk.get("kty") == "EC":
                return ECKey.import_key({name: str(value) for name, value in jwk.items() if isinstance(value, str)})
        raise Unauthorized("its key is not known here")

    def check_issuer(self, claims: Claims) -> None:
        """The token is of this stage's issuer: string comparison (RFC 9068 §4)."""
        if claims.get("iss") != self.issuer:
            raise Unauthorized("it is of another issuer")

    def check_audience(self, claims: Claims) -> None:
        """The token is for this API: equality with one of its audiences (RFC 9068 §4, RFC 8725 §3.9)."""
        audience = claims.get("aud")
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise Unauthorized("it is for another audience")

    def check_times(self, claims: Claims) -> None:
        """The token is neither expired nor from the future, nor does it live longer than any should."""
        now = self.clock.now()
        issued, expires = number(claims, "iat"), number(claims, "exp")
        if now >= expires + self.leeway:
            raise Unauthorized("it has expired")
        if issued > now + self.leeway or number(claims, "nbf", issued) > now + self.leeway:
            raise Unauthorized("it is from the future")
        if expires > now + LONGEST_LIFETIME + self.leeway:
            raise Unauthorized("it lives too long")

    def check_grant(self, principal: Principal) -> None:
        """The grant goes on: a token dies with its session, not at its expiry."""
        if not self.grants.is_active(principal.session_id):
            raise Unauthorized("its session has ended")


def bearer_token(authorization: str | None) -> str:
    """Return the token of an Authorization header, the only place where one is looked for."""
    if not authorization:
        raise Unauthorized("no token was sent", error=None)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("no bearer token was sent", error=None)
    return token.strip()


def text(claims: Claims, name: str) -> str:
    """Return a claim that must be a string with something in it."""
    value = claims.get(name)
    if isinstance(value, str) and value:
        return value
    raise Unauthorized(f"its claim {name} is missing or no text")


def number(claims: Claims, name: str, default: float | None = None) -> float:
    """Return a claim that must be a number (RFC 7519 §2, NumericDate)."""
    value = claims.get(name, default)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise Unauthorized(f"its claim {name} is missing or no number")
