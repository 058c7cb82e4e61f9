"""What the pages of the web client and the issuer let happen."""

from __future__ import annotations

from typing import Protocol

from harness.observations import PageView, PolicyTrial

__all__ = ["PagePolicy"]


class PagePolicy(Protocol):
    """One user agent at the web client."""

    def log_in(self, case: str) -> PageView: ...

    def inject(self, case: str, what: str) -> PolicyTrial:
        """Put this into the signed-in user's page: `an inline script`, …"""

    def frame(self, case: str, page: str) -> PolicyTrial:
        """Let a page of another origin frame this one: `home`, `settings`, `login`, `error`, `the issuer's login`."""

    def close(self) -> None: ...
