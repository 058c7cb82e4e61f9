"""What producers, publishers, consumers and alarms of events did with what they were given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.observations.base import Observation

__all__ = [
    "Alerts",
    "BufferFill",
    "CallSizes",
    "Erasure",
    "EventFlow",
    "EventSchemas",
    "EventTrial",
    "FlowEvent",
    "SessionReferences",
]


@dataclass(frozen=True, kw_only=True)
class EventSchemas(Observation):
    """The JSON Schemas that the target publishes for its events' properties, by version; `current` is produced now."""

    kind: Literal["event-schemas"] = "event-schemas"
    current: str
    schemas: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class EventTrial(Observation):
    """What became of events that were offered to a producer, or to the subscribers of a stage. `delivered`: what the
    bus brought to the subscriber, by source and stage; `taken`: how many it believed; `logged`: what it logged of the
    others."""

    kind: Literal["event-trial"] = "event-trial"
    offered: int
    taken: int
    delivered: tuple[tuple[str, str], ...] = ()
    logged: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SessionReferences(Observation):
    """How each stage's events refer to a session of one and the same identifier."""

    kind: Literal["session-references"] = "session-references"
    references: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Erasure(Observation):
    """An account's pseudonym before and after its erasure: whether the target can still tell whose it is, and whether
    the same person, who comes again, gets it again."""

    kind: Literal["erasure"] = "erasure"
    stage: str
    resolved_before: bool
    resolved_after: bool
    given_again: bool


@dataclass(frozen=True)
class FlowEvent:
    """An event on its way: `sha256` of all that is not the transport's, `""` for what has no session."""

    id: str
    session: str
    seq: int
    type: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class EventFlow(Observation):
    """Sessions told to a bus that behaves as `case` says: what was to be told, what the bus took (with repetitions, in
    its order), and what the target's own subscriber stored."""

    kind: Literal["event-flow"] = "event-flow"
    sessions: int
    submitted: tuple[FlowEvent, ...]
    delivered: tuple[FlowEvent, ...]
    stored: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CallSizes(Observation):
    """Events of which some texts are too long, published to a bus that enforces its limits. `calls`: entries and bytes
    of each request; `refused`: requests over a limit; `arrived`: the properties that the bus took; `broken`: entries
    whose text was no UTF-8 or ended within a character; `unlike`: entries whose text does not begin as the one that
    was told."""

    kind: Literal["call-sizes"] = "call-sizes"
    submitted: int
    oversize: int
    calls: tuple[tuple[int, int], ...]
    refused: int
    arrived: tuple[Mapping[str, Any], ...]
    broken: int
    unlike: int = 0


@dataclass(frozen=True, kw_only=True)
class BufferFill(Observation):
    """More events than the buffer's documented limit, while the bus takes none. `kept` are those that were delivered
    when it came back, of `submitted`, in order; `counted` is how many the target says that it did not store."""

    kind: Literal["buffer"] = "buffer"
    limit: int
    policy: str
    submitted: tuple[str, ...]
    kept: tuple[str, ...]
    counted: int
    alarms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Alerts(Observation):
    """What a burst alarm raised for `fed` failures; `seconds` until it had seen them all."""

    kind: Literal["alerts"] = "alerts"
    stage: str
    fed: int
    alerts: tuple[Mapping[str, Any], ...]
    flows: tuple[str, ...]  # the correlation ids that were fed
    seconds: float = 0.0
