"""What was seen of the data that a browser keeps of a session, and of its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["DataExpiry", "DatabaseEnd", "KeptData"]


@dataclass(frozen=True)
class DatabaseEnd:
    """A database of the client's origin, and when it ends (seconds since the epoch), as the browser has it noted; None:
    nowhere."""

    database: str
    expires_at: float | None


@dataclass(frozen=True, kw_only=True)
class DataExpiry(Observation):
    """The databases of a signed-in user, with the absolute end of his session as the server keeps it."""

    kind: Literal["data expiry"] = "data expiry"
    databases: tuple[DatabaseEnd, ...]
    session_ends_at: float


@dataclass(frozen=True, kw_only=True)
class KeptData(Observation):
    """The databases of the client's origin that were left after so many seconds of looking, from when the page was
    there or the event that they follow; the look ended when none was left."""

    kind: Literal["kept data"] = "kept data"
    databases: tuple[str, ...]
    seconds: float
