"""What buses and publishers did with events, and what a process logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.observations.base import Observation

__all__ = ["BusCapture", "BusEvent", "LogCapture", "PublishCall", "PublishTranscript"]


@dataclass(frozen=True)
class BusEvent:
    """One delivery of an event, as a subscriber gets it."""

    type: str
    source: str
    properties: Mapping[str, Any]
    metadata: Mapping[str, Any]
    bus: str = ""


@dataclass(frozen=True, kw_only=True)
class BusCapture(Observation):
    """All that a stage's bus delivered in the window of `case`. `settled` tells that the capture is complete: a
    sentinel published after the stimulus came through. The window began and ended at these seconds since the epoch, by
    the target's clock."""

    kind: Literal["bus"] = "bus"
    stage: str
    events: tuple[BusEvent, ...] = ()
    settled: bool = False
    seconds: float = 0.0
    began_at: float = 0.0
    ended_at: float = 0.0

    def of_type(self, type: str) -> tuple[BusEvent, ...]:
        return tuple(event for event in self.events if event.type == type)


@dataclass(frozen=True)
class PublishCall:
    """One PutEvents call: the event ids sent and, per entry, the error code answered ("" for success). `whole`: the
    call itself was refused, with that code."""

    event_ids: tuple[str, ...]
    answers: tuple[str, ...]
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class PublishTranscript(Observation):
    """What a publisher sent and where each event ended. `alarms` are the alarm records raised. `redelivered`: ids that
    the bus took when the dead letters were sent once more. SHA-256 is of each event's content, in its ids' order."""

    kind: Literal["publish"] = "publish"
    submitted: tuple[str, ...]
    calls: tuple[PublishCall, ...] = ()
    reported_published: tuple[str, ...] = ()
    dead_letters: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    finished: bool = True
    submitted_sha256: tuple[str, ...] = ()
    dead_letters_sha256: tuple[str, ...] = ()
    redelivered: tuple[str, ...] = ()
    redelivered_sha256: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LogCapture(Observation):
    """Structured log records of a process, one mapping each."""

    kind: Literal["log"] = "log"
    records: tuple[Mapping[str, Any], ...]
