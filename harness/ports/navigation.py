"""A browser on its way through a login, as far as addresses are concerned."""

from __future__ import annotations

from typing import Protocol

from harness.observations.navigation import NavigationTrail

__all__ = ["Navigation"]


class Navigation(Protocol):
    """One browser at the web client of one stage. Each method tells what came of it."""

    def log_in(self, case: str) -> NavigationTrail: ...

    def decline(self, case: str) -> NavigationTrail:
        """Begin a login, and give it up at the issuer."""

    def go(self, case: str, steps: int) -> NavigationTrail:
        """Go through the history: -1 is the back button."""

    def leave(self, case: str) -> NavigationTrail:
        """Follow a link on the page to somebody else's site."""

    def close(self) -> None: ...
