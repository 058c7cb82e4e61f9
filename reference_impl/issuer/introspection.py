"""Token introspection (RFC 7662): what a token is worth at this moment, for a resource server that cannot tell itself.

It answers by the same state as the token endpoint and the API: a token is active only as long as its grant goes on and
its account is enabled, whatever stands in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reference_impl.clock import Clock
from reference_impl.compact_jws import Malformed, protected_header
from reference_impl.issuer.keys import KeyRing
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.tokens import TokenStore

Facts = Mapping[str, object]
TOLD = ("iss", "aud", "sub", "client_id", "iat", "exp", "jti", "sid", "scope", "cnf")  # RFC 7662 §2.2, RFC 9449 §6.2


@dataclass(frozen=True)
class Introspection:
    """Tells what holds of a token, within its caller's transaction; nothing is changed."""

    issuer: str
    audience: str
    clock: Clock
    keys: KeyRing
    tokens: TokenStore

    def facts_of(self, state: IssuerState, token: str) -> Facts | None:
        """Return what may be told of an active token; None for any other, whatever is wrong with it (§2.2)."""
        return self._of_access_token(state, token) or self._of_refresh_token(state, token)

    def _of_access_token(self, state: IssuerState, token: str) -> Facts | None:
        claims = self.keys.read(token) if spelt_as_issued(token) else None
        if claims is None or claims.get("iss") != self.issuer or claims.get("aud") != self.audience:
            return None
        expires, session_id = claims.get("exp"), claims.get("sid")
        if not isinstance(expires, int) or self.clock.now() >= expires or not isinstance(session_id, str):
            return None
        if not self.tokens.is_active(state, session_id):
            return None
        told = {name: claims[name] for name in TOLD if name in claims}
        return {**told, "token_type": "DPoP" if "cnf" in claims else "Bearer"}

    def _of_refresh_token(self, state: IssuerState, token: str) -> Facts | None:
        """A refresh token is active until it is used, or its family ends."""
        record = self.tokens.find(state, token)
        if record is None or record.rotated_at is not None or record.ended_at is not None or record.disabled:
            return None
        end = self.tokens.end_of(record)
        if self.clock.now() >= end:
            return None
        session = record.session
        bound = {"cnf": {"jkt": session.thumbprint}} if session.thumbprint else {}
        return {
            "iss": self.issuer,
            "sub": session.subject,
            "client_id": session.client_id,
            "exp": int(end),
            "sid": session.session_id,
            **bound,
        }


def spelt_as_issued(token: str) -> bool:
    """Say whether it is a JWT in its canonical spelling: in another the API would not take it."""
    try:
        protected_header(token)
    except Malformed:
        return False
    return True
