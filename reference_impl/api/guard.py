"""Who may call the API: bearers of a live access token of this stage's issuer, for this API (RFC 6750, RFC 9068 §4).

A token that is bound to a key (RFC 9449 §6) needs a proof of that key besides; as a plain bearer token it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from reference_impl.api.challenge import Unauthorized
from reference_impl.api.issuer_keys import Jwks
from reference_impl.clock import Clock
from reference_impl.compact_jws import Malformed, protected_header
from reference_impl.rfc9449 import InvalidProof, PresentedProof, ProofVerifier

__all__ = ["ApiGuard", "Claims", "GrantStatus", "Jwks", "Principal", "Unauthorized", "bearer_token", "text"]

ALGORITHMS = ("ES256",)
TYPES = ("at+jwt", "application/at+jwt")  # RFC 9068 §4; media types know no case
SCHEMES = ("bearer", "dpop")  # RFC 6750 §2.1, RFC 9449 §7.1; schemes know no case
LONGEST_LIFETIME = 3600.0  # seconds; RFC 6750 §5.3
LATEST = 1e12  # seconds of the epoch: beyond it, and with NaN, comparisons would not mean what they say

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


@dataclass(frozen=True)
class ApiGuard:
    """Judges access tokens. Each rule is a method that raises Unauthorized."""

    issuer: str
    audience: str
    keys: KeySource
    grants: GrantStatus
    clock: Clock
    leeway: float = 60.0  # seconds between the clocks of issuer and API
    refresh_keys: Callable[[], None] = lambda: None  # asks for keys that were published meanwhile
    proofs: ProofVerifier | None = None  # None: tokens that are bound to a key are not taken

    def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
        """Return who a request speaks for, by its Authorization header and its proof, if any. Raises Unauthorized."""
        scheme, token = credentials(authorization)
        claims = self.read(token)
        principal = self.judge(claims)
        self.check_binding(claims, scheme, token, proof)
        return principal

    def admit_again(self, authorization: str | None) -> Principal:
        """Return the same for a request that was admitted before, whose proof is used up. Raises Unauthorized."""
        return self.judge(self.read(credentials(authorization)[1]))

    def judge(self, claims: Claims) -> Principal:
        """Return whom the claims of a token speak for, if it is for this API, now. Raises Unauthorized."""
        self.check_issuer(claims)
        self.check_audience(claims)
        self.check_times(claims)
        principal = Principal(text(claims, "sub"), text(claims, "client_id"), text(claims, "sid"))
        self.check_grant(principal)
        return principal

    def read(self, token: str) -> Claims:
        """Return the claims of a token whose type, algorithm, key and signature hold."""
        try:
            header = protected_header(token)
            self.check_type(header)
            key = self.find_key(header.get("kid"))
            return jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
        except (Malformed, JoseError, ValueError, RecursionError) as error:
            raise Unauthorized("it is malformed, or its signature does not hold") from error

    def check_type(self, header: Mapping[str, object]) -> None:
        """The token says that it is an access token: nothing else that the issuer signs does (RFC 8725 §3.11)."""
        if str(header.get("typ", "")).lower() not in TYPES:
            raise Unauthorized("it is no access token")

    def find_key(self, kid: object) -> ECKey:
        """Return the trusted key with this id; the token's other hints at keys are not looked at (RFC 8725 §3.10)."""
        found = self.known_key(kid)
        if found is None:
            self.refresh_keys()
            found = self.known_key(kid)
        if found is None:
            raise Unauthorized("its key is not known here")
        return found

    def known_key(self, kid: object) -> ECKey | None:
        """Return the key with this id from the key set as it is, if it is one for our algorithm (RFC 7517 §4)."""
        for jwk in self.keys()["keys"] if isinstance(kid, str) else ():
            usable = jwk.get("alg") in (None, *ALGORITHMS) and jwk.get("use") in (None, "sig")
            if usable and (jwk.get("kid"), jwk.get("kty")) == (kid, "EC"):
                return ECKey.import_key({name: value for name, value in jwk.items() if isinstance(value, str)})
        return None

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

    def check_binding(self, claims: Claims, scheme: str, token: str, proof: PresentedProof | None) -> None:
        """A bound token comes with a proof of its key, and no other token comes as one (RFC 9449 §7.1, §7.2)."""
        thumbprint = bound_to(claims)
        if thumbprint is None and scheme == "bearer":
            return
        if thumbprint is None or scheme == "bearer" or self.proofs is None or proof is None:
            raise Unauthorized("it is bound to a key, or comes as if it were")
        try:
            proven = self.proofs.verify(proof, token)
        except InvalidProof as invalid:
            raise Unauthorized(str(invalid), "invalid_dpop_proof") from invalid
        if proven != thumbprint:
            raise Unauthorized("it is bound to another key")


def bound_to(claims: Claims) -> str | None:
    """Return the thumbprint of the key that a token is bound to (RFC 9449 §6.1); None for a bearer token.

    Raises Unauthorized for a confirmation of another kind (RFC 7800 §3.1): what is not understood does not hold.
    """
    if "cnf" not in claims:
        return None
    confirmation = claims["cnf"]
    thumbprint = confirmation.get("jkt") if isinstance(confirmation, dict) and len(confirmation) == 1 else None
    if not isinstance(thumbprint, str):
        raise Unauthorized("it is bound in a way that is not known here")
    return thumbprint


def credentials(authorization: str | None) -> tuple[str, str]:
    """Return scheme and token of an Authorization header, the only place where a token is looked for."""
    if not authorization:
        raise Unauthorized("no token was sent", error=None)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() not in SCHEMES:
        raise Unauthorized("no token of a known scheme was sent", error=None)
    return scheme.lower(), token.strip()


def bearer_token(authorization: str | None) -> str:
    """Return the token of an Authorization header, whatever its scheme."""
    return credentials(authorization)[1]


def text(claims: Claims, name: str) -> str:
    """Return a claim that must be a string with something in it."""
    value = claims.get(name)
    if isinstance(value, str) and value:
        return value
    raise Unauthorized(f"its claim {name} is missing or no text")


def number(claims: Claims, name: str, default: float | None = None) -> float:
    """Return a claim that must be a number (RFC 7519 §2, NumericDate): JSON knows neither NaN nor infinity."""
    value = claims.get(name, default)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LATEST:
        return value
    raise Unauthorized(f"its claim {name} is missing or no number")
