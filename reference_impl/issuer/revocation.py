"""Token revocation (RFC 7009): giving back either token ends the whole grant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from reference_impl.events.schema import Reason
from reference_impl.issuer.keys import KeyRing
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.token_endpoint import TokenEndpoint
from reference_impl.issuer.tokens import TokenStore


@dataclass(frozen=True)
class GrantOfToken:
    """The grant that a token belongs to."""

    session_id: str
    client_id: str


@dataclass(frozen=True)
class Leaving:
    """Why a client gives a token back, and when its user left (seconds since the epoch), where it was offline then."""

    reason: Reason = Reason.USER
    occurred_at: float | None = None


@dataclass(frozen=True)
class Revocation:
    """Finds the grant of a token and ends it, within its caller's transaction."""

    keys: KeyRing
    tokens: TokenStore
    endpoint: TokenEndpoint

    def find(self, state: IssuerState, token: str) -> GrantOfToken | None:
        """Return the grant of a refresh or access token, in whatever state; None for an unknown token."""
        record = self.tokens.find(state, token)
        if record is not None:
            return GrantOfToken(record.session.session_id, record.session.client_id)
        claims = self.keys.read(token) or {}
        session_id, client_id = claims.get("sid"), claims.get("client_id")
        if isinstance(session_id, str) and isinstance(client_id, str):
            return GrantOfToken(session_id, client_id)
        return None

    def revoke(self, state: IssuerState, grant: GrantOfToken, left: Leaving) -> None:
        """End the grant because its client asks for it; the second time without effect."""
        self.endpoint.end(state, grant.session_id, left.reason, left.occurred_at)


def read_leaving(form: Mapping[str, str]) -> Leaving:
    """Read ``reason`` and ``occurred_at`` (seconds since the epoch), which our clients send beside the token.

    Whatever else stands there is not believed: then the user signed out, now.
    """
    reason = Reason.STAGE_SWITCH if form.get("reason") == Reason.STAGE_SWITCH else Reason.USER
    try:
        occurred_at = float(form.get("occurred_at", ""))
    except ValueError:
        return Leaving(reason)
    return Leaving(reason, occurred_at if math.isfinite(occurred_at) else None)
