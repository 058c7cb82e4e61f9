"""Records occurrences: has their event built and puts it into the outbox, in the transaction of what occurred."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reference_impl.clock import Clock
from reference_impl.events.audit import Audits, log_occurrence
from reference_impl.events.builder import EventBuilder
from reference_impl.events.occurrences import Occurrence, RefreshFailed
from reference_impl.events.schema import AuthEvent, Reason
from reference_impl.issuer.state import IssuerState, IssuerStore

MALFORMED_INTERVAL = 60.0  # seconds between two events on malformed tokens of one client


class EventSink(Protocol):
    """Where events go: the outbox of the store that the transaction is of."""

    def add(self, state: IssuerState, event: AuthEvent) -> bool:
        """Store the event in the caller's transaction; False if one with the same key is there already."""


@dataclass(frozen=True)
class EventRecorder:
    """The issuer's way to its events."""

    builder: EventBuilder
    outbox: EventSink
    clock: Clock
    audit: Audits = log_occurrence

    def record(self, state: IssuerState, occurrence: Occurrence) -> None:
        """Record the occurrence in the caller's transaction: it is audited and its event is published if that commits,
        and only then."""
        state.once_committed(lambda: self.audit(occurrence))
        if isinstance(occurrence, RefreshFailed) and occurrence.reason is Reason.MALFORMED:
            state.count_malformed(occurrence.client_id)
            self._report_malformed(state)
        else:
            self._add(state, occurrence)

    def report_overdue(self, store: IssuerStore) -> None:
        """Record what malformed tokens were counted after their client's last event, once its interval is over."""
        if store.read(self._overdue):  # else there is no reason to keep other writers out
            store.change(self._report_malformed)

    def _report_malformed(self, state: IssuerState) -> None:
        """Record one event with the count for each client that had none within the interval.

        Anybody can present garbage, as often as he likes: it must not flood the bus.
        """
        for client_id, count in self._overdue(state):
            state.report_malformed(client_id, self.clock.now())
            self._add(state, RefreshFailed(client_id, Reason.MALFORMED, count=count))

    def _overdue(self, state: IssuerState) -> list[tuple[str, int]]:
        return state.overdue_malformed(self.clock.now() - MALFORMED_INTERVAL)

    def _add(self, state: IssuerState, occurrence: Occurrence) -> None:
        event = self.builder.build(occurrence)
        if event is not None:
            self.outbox.add(state, event)
