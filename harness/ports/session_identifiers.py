"""How the web client names its sessions."""

from __future__ import annotations

from typing import Protocol

from harness.observations import IdentifierTrial, SecretSample

__all__ = ["SessionIdentifiers"]


class SessionIdentifiers(Protocol):
    """One user agent at the web client."""

    def plant(self, what: str) -> None:
        """Put an attacker's cookies into the user's browser: `the attacker's own`, which the client set in a browser of
        his when he began a sign-in; or `made up`, a session identifier of the right form that nobody was given."""

    def log_in(self, case: str) -> IdentifierTrial:
        """Log in with what the browser holds, also when somebody is signed in already."""

    def sample(self, case: str, count: int) -> SecretSample:
        """Look at so many new identifiers."""

    def close(self) -> None: ...
