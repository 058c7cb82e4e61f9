"""By what a session is told in the logs: a keyed hash of its token (OWASP Logging Cheat Sheet: data to exclude).

The key is of this process alone and kept nowhere. So the records of one run can be put together, and nobody can tell
from two logs, or from a log and a token, that they are of the same session.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

LENGTH = 16  # hex digits


class SessionReference:
    """Gives the same session the same reference, from its first token that this process holds until its end."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._current = ""

    def of(self, token: str | None) -> str:
        """Return the reference of the session that holds this token now; None: of the one that has ended."""
        if not self._current and token is not None:
            self._current = self.hash(token)
        return self._current

    def hash(self, token: str) -> str:
        """Return the keyed hash of a token (HMAC-SHA256, cut)."""
        return hmac.new(self._key, token.encode(), hashlib.sha256).hexdigest()[:LENGTH]

    def forget(self) -> None:
        """The session has ended; the next one gets another reference."""
        self._current = ""
