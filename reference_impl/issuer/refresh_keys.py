"""How refresh tokens are derived: an HMAC by the key of the day; those of earlier keys are known until these end."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator

from reference_impl.issuer.opaque import fingerprint
from reference_impl.rotation.generations import Generation
from reference_impl.rotation.live import LiveGenerations
from reference_impl.rotation.policy import REFRESH


class RefreshKeys:
    """Derives the tokens of a family: 256 bits each that nobody without the key can foretell."""

    def __init__(self, current: Callable[[], bytes], accepted: Callable[[], Iterator[bytes]]) -> None:
        self._current, self._accepted = current, accepted

    @classmethod
    def of(cls, key: bytes) -> RefreshKeys:
        """Return one key that is never rotated."""
        return cls(lambda: key, lambda: iter((key,)))

    @classmethod
    def rotating(cls, key: bytes, live: LiveGenerations) -> RefreshKeys:
        """Return the configured key, and whatever replaces it."""
        configured = Generation("configured", base64.urlsafe_b64encode(key).decode(), used_from=0.0)

        def current() -> bytes:
            return _decoded(live.of(REFRESH, configured).current(live.now()))

        def accepted() -> Iterator[bytes]:
            return (_decoded(each) for each in live.of(REFRESH, configured).accepted(live.now()))

        return cls(current, accepted)

    def derive(self, session_id: str, generation: int) -> str:
        """Return the family's token of a generation, by the key of the day."""
        return _derive(self._current(), session_id, generation)

    def derive_again(self, session_id: str, generation: int, known: str) -> str | None:
        """Return the token whose fingerprint is ``known``; None where the key that made it has ended."""
        tokens = (_derive(key, session_id, generation) for key in self._accepted())
        return next((token for token in tokens if hmac.compare_digest(fingerprint(token), known)), None)


def _derive(key: bytes, session_id: str, generation: int) -> str:
    digest = hmac.new(key, f"{session_id}|{generation}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _decoded(generation: Generation) -> bytes:
    return base64.urlsafe_b64decode(generation.value)
