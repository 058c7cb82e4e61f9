"""What lies in a client's store as other programs see it, and what a client's processes show and leave behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = [
    "BrowserHandover",
    "CrashRecord",
    "NativeItem",
    "NativeListing",
    "PersistencePolicy",
    "ProcessWatch",
    "Responsiveness",
]


@dataclass(frozen=True)
class NativeItem:
    """An entry, by `stage/account/item` where it follows the documented scheme, else by its own names. `fingerprint`
    is a keyed hash of its content: equal contents of one scenario have equal ones. `secrets` are the marks in it."""

    name: str
    collection: str
    fingerprint: str
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NativeListing(Observation):
    """Everything of one application in the system's store, as another program reads it. `elapsed`: seconds since the
    scenario began."""

    kind: Literal["native-listing"] = "native-listing"
    items: tuple[NativeItem, ...]
    elapsed: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PersistencePolicy(Observation):
    """The documented decision on what outlives a process. `lifetime` in seconds; `deviation` is the clause that it
    departs from, `reason` why."""

    kind: Literal["persistence"] = "persistence"
    source: str
    persists: bool | None
    items: tuple[str, ...] = ()
    lifetime: float | None = None
    deviation: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class CrashRecord(Observation):
    """The end of a client by `signal`, which it died of if `ended_by` names it. `limits`: the most bytes that a dump
    of each of its processes could have had when it crashed (-1: any number); `dumps`: the files that may be dumps."""

    kind: Literal["crash"] = "crash"
    signal: str
    ended_by: str
    limits: tuple[int, ...] = ()
    dumps: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ProcessWatch(Observation):
    """What was looked at of a client's processes: each by its arguments, how often, and the longest time between two
    looks, in seconds."""

    kind: Literal["processes"] = "processes"
    processes: tuple[str, ...]
    looks: int
    longest_gap: float
    during: tuple[str, ...] = ()  # what the client did meanwhile


@dataclass(frozen=True, kw_only=True)
class BrowserHandover(Observation):
    """The URL that a client hands to the system's browser. `secrets` are marks of tokens, codes and verifiers in it."""

    kind: Literal["handover"] = "handover"
    url: str
    parameters: tuple[str, ...]
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Responsiveness(Observation):
    """Seconds that each of several looks at a page took: before a stimulus, and while it lasted, which took `seconds`
    in all."""

    kind: Literal["responsiveness"] = "responsiveness"
    before: tuple[float, ...]
    during: tuple[float, ...]
    seconds: float
