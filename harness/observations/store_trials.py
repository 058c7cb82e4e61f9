"""What session stores did while their clients were killed, raced each other, and stored what hardly fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = [
    "KillPoint",
    "KillTable",
    "KilledRotation",
    "KilledRotations",
    "Resumption",
    "Resumptions",
    "StoreEvent",
    "StoreHistory",
]


@dataclass(frozen=True)
class KillPoint:
    """A client that was killed, and what the next start found. `place`: the line before which it was killed.

    `found`: the value before, the new one, neither, another one, or an `error` of this type. Of the files at the moment
    of the kill, `temporary` are those that are there neither before nor after, `loose` those that others than the owner
    may use, `clear` those that hold the new value readable. `left` are temporary files after the next start,
    `uncleared` entries after a clear.
    """

    place: str
    killed: bool
    found: Literal["old", "new", "missing", "other", "error"]
    error: str = ""
    temporary: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    uncleared: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class KillTable(Observation):
    """The same work, done once for each point and killed there. `mode` is the store's. `unsynced`: files that took the
    place of others before they were seen on the disk."""

    kind: Literal["kill-table"] = "kill-table"
    mode: str
    points: tuple[KillPoint, ...]
    unsynced: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoreEvent:
    """One operation of a race, by a thread of a process. Times are those of one clock, in seconds.

    Values tell who wrote them (`writer`), the how many-th of his it is (`counter`), and whether they are `whole`.
    """

    by: str
    operation: Literal["set", "get", "clear", "rotate", "end"]
    account: str
    began: float
    ended: float
    item: str = ""
    writer: str = ""
    counter: int = 0
    whole: bool = True
    outcome: Literal["done", "value", "not_found", "error"] = "done"
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class StoreHistory(Observation):
    """A race of several clients. `seconds` in all; `reclaimed` seconds from the kill of a client that held the lock to
    another one's write; None where none could hold it."""

    kind: Literal["store-history"] = "store-history"
    mode: str
    events: tuple[StoreEvent, ...]
    seconds: float
    reclaimed: float | None


@dataclass(frozen=True)
class KilledRotation:
    """A client that was killed after the issuer had answered its refresh. `durable`: which refresh token the store
    holds then. `api_requests`: how many requests it had sent to the API by then, all with the new access token."""

    place: str
    killed: bool
    durable: Literal["old", "new", "missing", "error"]
    api_requests: int


@dataclass(frozen=True, kw_only=True)
class KilledRotations(Observation):
    """Clients killed at each step from the answer of the issuer to that of the API. `mode` is the store's."""

    kind: Literal["killed-rotations"] = "killed-rotations"
    mode: str
    points: tuple[KilledRotation, ...]


@dataclass(frozen=True)
class Resumption:
    """A killed client that was started again and called the API. `durable`: the refresh token that it began with.
    `message`: what it told whoever called."""

    durable: str
    outcome: Literal["continued", "signed out", "error"]
    message: str
    token_requests: int


@dataclass(frozen=True, kw_only=True)
class Resumptions(Observation):
    """Killed clients that were started again."""

    kind: Literal["resumptions"] = "resumptions"
    clients: tuple[Resumption, ...]
