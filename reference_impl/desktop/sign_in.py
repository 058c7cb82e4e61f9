"""The desktop's sign-in under way: one at most, for a limited time, used once."""

from __future__ import annotations

from reference_impl.clock import Clock
from reference_impl.oauth_client import Flow

FLOW_LIFETIME = 600.0  # seconds that a sign-in may take


class PendingSignIn:
    """Holds the latest sign-in. Its caller keeps other threads out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._flow: Flow | None = None

    def keep(self, flow: Flow) -> None:
        """Wait for the answer to this sign-in, and to no other."""
        self._flow = flow

    def find(self) -> Flow | None:
        """Return the sign-in that an answer may still come to; None where there is none, or no more."""
        flow = self._flow
        return flow if flow and flow.began_at > self._clock.now() - FLOW_LIFETIME else None

    @property
    def has_expired(self) -> bool:
        """Whether the latest sign-in was neither answered nor given up, and took too long."""
        return self._flow is not None and self.find() is None

    def take(self) -> bool:
        """Forget the sign-in: whoever has an answer has used it up."""
        flow, self._flow = self._flow, None
        return flow is not None
