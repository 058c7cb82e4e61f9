"""The event bus, and the target's own publisher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from harness.observations import BusCapture, PublishTranscript, SecretScan
from harness.probes.scripted_bus import Row

__all__ = ["Bus", "Publisher"]


class Bus(Protocol):
    """What subscribers of a stage's bus get."""

    def open_window(self, stage: str) -> None:
        """Forget what was delivered so far."""

    def capture(self, case: str, stage: str) -> BusCapture:
        """All that was delivered since the window was opened; waits until the bus has settled."""

    def scan(self, case: str, stage: str, personal: bool) -> SecretScan:
        """Search all that was delivered, is a dead letter or was logged since the window was opened: for secrets, or
        for what is personal of the user whose name stands nowhere else; also for their SHA-1 and SHA-256."""


class Publisher(Protocol):
    """The target's own publisher, against a bus whose answers are scripted."""

    def publish(self, case: str, answers: Sequence[Row], events: int) -> PublishTranscript:
        """Publish `events` events while the bus answers, call by call and entry by entry, with these error codes ("" is
        success; the last row repeats), or refuses the call. Then have the dead letters redelivered to a bus that takes
        them."""
