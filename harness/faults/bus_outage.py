"""Faults of a bus that is away."""

from __future__ import annotations

import re
import sqlite3
import time
from typing import Any

from harness.faults.event import _InMemory
from harness.faults.registry import fault
from reference_impl.events.outbox import Message, Outbox
from reference_impl.events.publisher import Publisher, PublishReport
from reference_impl.events.schema import AuthEvent, rfc3339
from reference_impl.issuer.state import IssuerState
from reference_impl.parts import Part


@fault("F-EVENT-09-a", "EVENT-09.E2", Part.PUBLISHER)
def an_error_of_the_bus_is_swallowed(real: Publisher) -> Publisher:
    class Careless(Publisher):
        def publish(self, batch: Any) -> PublishReport:
            report = super().publish(batch)
            return PublishReport(published=report.published + report.deferred, dead=report.dead)

    return Careless(**vars(real))


@fault("F-EVENT-09-b", "EVENT-09.E3", Part.OUTBOX)
def the_buffer_is_the_memory_of_the_process(real: Outbox) -> Any:
    return _InMemory(real)


@fault("F-EVENT-09-x1", "EVENT-09.E1", Part.OUTBOX)
def an_action_waits_for_a_bus_that_is_away(real: Outbox) -> Outbox:
    """Whether it is away shows in what waits: of a bus that is well, hardly more than the last event. Not all of
    them wait that one scenario makes, which would take a minute."""

    class Waiting(Outbox):
        def add(self, state: IssuerState | sqlite3.Connection, event: AuthEvent) -> bool:
            if 2 <= len(self.pending(10)) < 10:
                time.sleep(1.0)
            return super().add(state, event)

    real.__class__ = Waiting
    return real


@fault("F-EVENT-09-x2", "EVENT-09.E4", Part.OUTBOX)
def what_the_buffer_cannot_hold_is_dropped_silently(real: Outbox) -> Outbox:
    class Silent(Outbox):
        def _overflow(self, connection: sqlite3.Connection, event: AuthEvent) -> None:
            """Nobody needs to know."""

    real.__class__ = Silent
    return real


@fault("F-EVENT-09-x3", "EVENT-09.E2", Part.OUTBOX)
def events_tell_when_they_were_published(real: Outbox) -> Outbox:
    """The time is that of the delivery, so nobody learns when it happened."""

    class Restamping(Outbox):
        def next_batch(self, limit: int) -> tuple[Message, ...]:
            now = rfc3339(self._clock.now())
            batch = super().next_batch(limit)
            return tuple(Message(m.event_id, m.type, _restamped(m.detail, now)) for m in batch)

    real.__class__ = Restamping
    return real


def _restamped(detail: str, now: str) -> str:
    return re.sub(r'"occurred_at":"[^"]*"', f'"occurred_at":"{now}"', detail)
