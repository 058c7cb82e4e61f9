"""Secrets of confidential clients: kept as fingerprints, several at a time while one is rotated (RFC 6749 §2.3.1)."""

from __future__ import annotations

import hmac

from reference_impl.issuer.opaque import fingerprint
from reference_impl.rotation.live import LiveGenerations
from reference_impl.rotation.policy import CLIENT


class ClientSecrets:
    """Tells whether a client's secret is good. A client that was never given one has none."""

    def __init__(self, live: LiveGenerations | None = None) -> None:
        self.live = live

    def accepts(self, client_id: str, secret: str) -> bool:
        """Say whether this is one of the client's secrets that have not ended; a new one is good at once."""
        if self.live is None or not secret:
            return False
        good = self.live.of(f"{CLIENT}{client_id}").accepted(self.live.now())
        presented = fingerprint(secret)
        return any(hmac.compare_digest(each.value, presented) for each in good)
