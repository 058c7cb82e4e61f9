"""A desktop shell of which something hangs or breaks."""

from __future__ import annotations

from typing import Literal, Protocol

from harness.observations import SyncState, SyncWrites
from harness.observations.bridge import BridgeCalls, HeldSession, Replies, Settlements

__all__ = ["HinderedShell", "Obstacle"]

# The main process replies nothing; the issuer takes refreshes and does not look at them, does them and keeps the
# answers back, or breaks the connection; the store blocks, or breaks in the hands of who holds the session's lock.
Obstacle = Literal["silent", "held", "kept back", "reset", "store blocks", "store breaks"]


class HinderedShell(Protocol):
    """The shell that the scenario uses, in which somebody is signed in."""

    def hinder(self, what: Obstacle) -> None: ...

    def free(self) -> None:
        """Let all go on as usual."""

    def call_all(self, case: str, callers: int) -> Settlements:
        """Have so many callers call each function of the main window's page, all at once; but none that signs out."""

    def call_each(self, case: str) -> BridgeCalls:
        """Call each of these functions once."""

    def sign_out(self, case: str, callers: int) -> Settlements:
        """The same for the function that signs out."""

    def replies(self, case: str) -> Replies:
        """What the main process has replied since calls were begun, late replies included."""

    def write(self, case: str, number: int) -> SyncWrites:
        """Have the user write so many notes in the main window."""

    def settle(self, case: str, seconds: float) -> SyncState:
        """Wait until all that was written is saved, or for as long."""

    def begin_refresh(self) -> None:
        """Have the page ask for a newer token, and go on."""

    def session(self, case: str) -> HeldSession: ...

    def close(self) -> None: ...
