"""What an operator's recovery leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["OperationEntry", "OperationsTrail"]


@dataclass(frozen=True)
class OperationEntry:
    """One operation as it was logged: who did what, when (seconds since the epoch), and how it ended."""

    operator: str
    action: str
    at: float
    outcome: str


@dataclass(frozen=True, kw_only=True)
class OperationsTrail(Observation):
    """All operations that the log tells of."""

    kind: Literal["operations"] = "operations"
    entries: tuple[OperationEntry, ...] = ()
