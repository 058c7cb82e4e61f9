"""Who may call the API: bearers of a live access token of this stage's issuer, for this API (RFC 6750, RFC 9068 §4).

A token that is bound to a key (RFC 9449 §6) needs a proof of that key besides; as a plain bearer token it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reference_impl.api.access_token import AccessTokens, Claims, text
from reference_impl.api.challenge import Unauthorized
from reference_impl.rfc9449 import InvalidProof, PresentedProof, ProofVerifier

SCHEMES = ("bearer", "dpop")  # RFC 6750 §2.1, RFC 9449 §7.1; schemes know no case


class GrantStatus(Protocol):
    """Tells whether a grant goes on; the issuer's token store behind it, or in another process the issuer's
    introspection endpoint (RFC 7662)."""

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
    """Judges requests by the access token that they bring. Each rule is a method that raises Unauthorized."""

    tokens: AccessTokens
    grants: GrantStatus
    proofs: ProofVerifier | None = None  # None: tokens that are bound to a key are not taken

    def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
        """Return who a request speaks for, by its Authorization header and its proof, if any. Raises Unauthorized."""
        scheme, token = credentials(authorization)
        claims = self.tokens.claims_of(token)
        principal = self.principal_of(claims)
        self.check_binding(claims, scheme, token, proof)
        return principal

    def admit_again(self, authorization: str | None) -> Principal:
        """Return the same for a request that was admitted before, whose proof is used up. Raises Unauthorized."""
        return self.principal_of(self.tokens.claims_of(credentials(authorization)[1]))

    def principal_of(self, claims: Claims) -> Principal:
        """Return whom a good token speaks for, if its grant goes on. Raises Unauthorized."""
        principal = Principal(text(claims, "sub"), text(claims, "client_id"), text(claims, "sid"))
        self.check_grant(principal)
        return principal

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
    """Return scheme and token of an Authorization header, the only place where a token is looked for.

    Several such headers come joined by commas (RFC 9110 §5.3), of which a token has none (RFC 6750 §2.1).
    """
    if not authorization:
        raise Unauthorized("no token was sent", error=None)
    if "," in authorization:
        raise Unauthorized("there is more than one Authorization", error="invalid_request")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() not in SCHEMES:
        raise Unauthorized("no token of a known scheme was sent", error=None)
    return scheme.lower(), token.strip()
