"""A user's browser that visits other people's pages while the user is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from harness.observations import CrossSiteAttempt, PageView

__all__ = ["CrossSite"]


class CrossSite(Protocol):
    """One user agent, in which the user is signed in at the web client, and which an attacker's pages are open in."""

    @property
    def actions(self) -> Sequence[str]:
        """What can be done with a session by a request: `refresh`, `log out`, …"""

    def log_in(self, case: str) -> PageView: ...

    def attempt(self, case: str, sender: str, way: str, action: str) -> CrossSiteAttempt:
        """Let a page of this sender try an action in this way; see `CrossSiteAttempt`. Raises TargetError for a way
        that nobody knows."""

    def own(self, case: str, action: str) -> CrossSiteAttempt:
        """Let the client's own page do it, as its buttons and scripts do."""

    def close(self) -> None: ...
