"""The documented recovery procedures, carried out as they are written."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from harness.observations import OperationsTrail, ProcessRun

__all__ = ["Recovery"]


class Recovery(Protocol):
    """An operator who follows the text. A procedure is named by its heading."""

    @property
    def operator(self) -> str:
        """The name that the log must tell."""

    def carry_out(self, case: str, procedure: str, stage: str, user: str = "", situation: str = "") -> ProcessRun:
        """Give every command of the procedure, word by word; each is recorded under `case`. Returns the last.

        `situation` is that of the store on the machine where it is done.
        """

    def log(self, case: str) -> OperationsTrail:
        """What was logged of the operations so far."""

    def bus_refuses(self, stage: str) -> AbstractContextManager[None]:
        """While it lasts, the stage's bus refuses every event for good."""

    def lost_events(self, stage: str) -> tuple[str, ...]:
        """The ids of events that the bus refused, waited for until nothing is on its way any more."""

    def close(self) -> None: ...
