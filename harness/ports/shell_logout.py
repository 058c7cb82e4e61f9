"""What of a session stays in a desktop shell after its end."""

from __future__ import annotations

from typing import Protocol

from harness.observations.bridge import AfterLogout, ShellNotes

__all__ = ["ShellLogout"]


class ShellLogout(Protocol):
    """The shell that the scenario uses, with two windows. Its session is the one begun since the port was opened."""

    def write(self, note: str) -> None:
        """Have the signed-in user write a note."""

    def work(self) -> None:
        """Have windows and services use the session, and wait until they did."""

    def log_out(self, case: str, bound: float, watch: float) -> AfterLogout:
        """Sign out while a request is under way, watch for so many seconds what is sent, and look what is left."""

    def notes(self, case: str, own: str, foreign: str) -> ShellNotes: ...

    def close(self) -> None: ...
