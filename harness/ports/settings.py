"""The settings of a web client, and what they lead internal users to: environment selector and debug page."""

from __future__ import annotations

from typing import Protocol

from harness.observations import PageView, SecretScan
from harness.observations.settings import DebugPanel, MarkerSearch, ToolsTrial

__all__ = ["Settings"]


class Settings(Protocol):
    """A user's browser at one stage."""

    def log_in(self, case: str) -> PageView: ...

    def entitle(self, internal: bool) -> None:
        """Let the server hold the signed-in account for internal, or not."""

    def renew(self, case: str) -> PageView:
        """Let the page's script renew the session."""

    def turn(self, case: str, on: bool) -> ToolsTrial:
        """Turn the tools on or off by the button for it; `about` says whose account it is (`subject`)."""

    def reach(self, case: str, way: str) -> ToolsTrial:
        """Try to come to the tools by a direct way: `the settings`, `the path`, …"""

    def grant(self, case: str, by: str) -> ToolsTrial:
        """Let the user try to make himself internal by this: `a query parameter`, `local storage`, …"""

    def wait(self, case: str, seconds: float) -> ToolsTrial:
        """Leave the page open so long, by its own clock."""

    def panel(self, case: str) -> DebugPanel: ...

    def scan_panel(self, case: str) -> SecretScan:
        """Search the page with everything unfolded: its document, its accessibility tree, the text that is laid out."""

    def scan_taken(self, case: str) -> SecretScan:
        """Search what the page copies, and what it saves."""

    def scan_answers(self, case: str) -> SecretScan:
        """Search what the page was answered."""

    def markers(self, case: str) -> MarkerSearch:
        """Build the clients, and look into the artifacts."""

    def close(self) -> None: ...
