"""The life of events: who makes them, how they get to the bus, and who believes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from harness.observations import (
    Alerts,
    BufferFill,
    CallSizes,
    Erasure,
    EventFlow,
    EventSchemas,
    EventTrial,
    LogCapture,
    SessionReferences,
)
from harness.probes.authorization import Grant

__all__ = ["AlertRule", "BusOutage", "EventContract", "EventPath", "Failure", "Logs", "SessionEnds", "Subscribers"]


class EventContract(Protocol):
    """The schema of the target's events, and those who hold to it."""

    def schemas(self, case: str) -> EventSchemas: ...

    def produce(self, case: str, changes: Mapping[str, Any]) -> EventTrial:
        """Offer the producer a valid login with these changes of its properties (None removes one)."""

    def consume(self, case: str, version: str) -> EventTrial:
        """Offer the consumer a genuine event in this version; `previous` is the minor version before the current."""

    def references(self, case: str) -> SessionReferences:
        """Have the producers of all stages refer to one and the same session."""

    def erase(self, case: str, stage: str, user: str, again: Grant | None) -> Erasure:
        """Erase an account (`again` is None), or say what is known of it now, after a login of the same person."""


class EventPath(Protocol):
    """The target's outbox, publisher and subscriber, against a bus that the harness plays."""

    def tell_sessions(self, case: str, sessions: int) -> EventFlow:
        """Tell login, failed refresh and logout of so many sessions to a bus that behaves as the case says: `answers
        time out`, `delivered twice`, `reordered`."""

    def tell_long_texts(self, case: str, lengths: Sequence[int]) -> CallSizes:
        """Publish an event for each length: its longest text has so many characters of several bytes each."""

    def overflow(self, case: str, limit: int, events: int) -> BufferFill: ...


class Subscribers(Protocol):
    """The subscribers of a stage, behind the target's own rule."""

    def offer(self, case: str, stage: str, forgery: str) -> EventTrial:
        """Put an event on the stage's bus and see what its subscriber does with it: `genuine`, or forged, as `forgery`
        names it. What is of the archive, or by a stolen key, is of the time of the first call for this stage."""


@dataclass(frozen=True)
class Failure:
    """A failed refresh to be fed to the alarm: seconds after the first, of which account, at which of the producers."""

    after: float
    account: int = 0
    producer: int = 0
    reason: str = "revoked"


class AlertRule(Protocol):
    """The rule that alerts on bursts, deployed against a stage's bus, and what it counts with."""

    def feed(self, case: str, stage: str, failures: Sequence[Failure], of_stage: str) -> Alerts:
        """Publish these failures of the stage `of_stage` on the bus of `stage`."""


class SessionEnds(Protocol):
    """The ways in which a session can end besides the user's click."""

    def administrator(self, stage: str, grant: Grant) -> None: ...

    def leave_stage(self, stage: str, grant: Grant) -> None:
        """The client that holds the grant leaves the stage for another."""

    def log_out_offline(self, case: str, stage: str, grant: Grant) -> None:
        """The user of the client that holds the grant logs out while the issuer cannot be reached; tries are recorded
        under the case."""

    def reconnect(self, stage: str) -> None:
        """The network is back; returns when the client owes nothing more, or long after it should not."""


class Logs(Protocol):
    """What the target logs."""

    def open_window(self) -> None: ...

    def capture(self, case: str) -> LogCapture: ...


class BusOutage(Protocol):
    """The network between the target and its bus."""

    def begin(self, stage: str, kind: str) -> None:
        """From now on the bus is away: `refused`, `hanging`, `503` or `throttling`."""

    def end(self, stage: str) -> None: ...
