"""A desktop shell's way to what is not its own: other pages, the system's browser, and how it is started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from harness.observations.bridge import Openings, ShellProcess

__all__ = ["ShellLaunch", "ShellOutside"]


class ShellOutside(Protocol):
    """The shell that the scenario uses. An address may hold `{issuer}`, `{another issuer}` (another stage's) and
    `{elsewhere}` (a server that answers, and that the shell has no business with)."""

    def meant(self, address: str) -> str:
        """The address in full, with a witness that no log may hold."""

    def open_windows(self, case: str, way: str, addresses: Sequence[str]) -> Openings:
        """Have the main window's page open each address, as if the user had clicked: by `a new window` or `a link`."""

    def lead(self, case: str, addresses: Sequence[str]) -> Openings:
        """Have the page lead its own window to each, and back where that is possible."""

    def look(self, case: str) -> Openings:
        """What was opened since the last look."""

    def close(self) -> None: ...


class ShellLaunch(Protocol):
    """Starts of the shell as users start it."""

    def start(self, case: str) -> ShellProcess:
        """Start it in an environment of variables that would open it up, open all windows, look, and end it."""
