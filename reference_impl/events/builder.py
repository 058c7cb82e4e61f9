"""Decides which occurrence becomes which event."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from reference_impl.clock import Clock
from reference_impl.events.occurrences import LoginCompleted, Occurrence, RefreshFailed, Session, SessionEnded
from reference_impl.events.schema import AuthEvent, EventType, Reason


@dataclass(frozen=True)
class EventBuilder:
    """Builds the events of one stage."""

    stage: str
    clock: Clock

    def build(self, occurrence: Occurrence) -> AuthEvent | None:
        """Return the event that the occurrence is, or None: started, refreshed or failed by our fault is no event."""
        match occurrence:
            case LoginCompleted(session=session):
                return self._of_session(EventType.LOGIN, session, None, f"login|{session.session_id}")
            case SessionEnded(session=session, reason=reason):
                return self._of_session(EventType.LOGOUT, session, reason, f"logout|{session.session_id}")
            case RefreshFailed():
                return self._refresh_failed(occurrence)
            case _:
                return None

    def _of_session(self, type_: EventType, session: Session, reason: Reason | None, key: str) -> AuthEvent:
        return AuthEvent(
            type_,
            event_id=str(uuid.uuid4()),
            occurred_at=self.clock.now(),
            stage=self.stage,
            client_id=session.client_id,
            correlation_id=session.correlation_id,
            session_id=session.session_id,
            subject=session.subject,
            reason=reason,
            dedup_key=key,
        )

    def _refresh_failed(self, failure: RefreshFailed) -> AuthEvent:
        """One event per dead token and presenting client; a token that was never issued has neither session nor key."""
        session, key = failure.session, None
        if session is not None:
            key = f"refresh_failed|{session.session_id}|{failure.generation}|{failure.client_id}"
        return AuthEvent(
            EventType.REFRESH_FAILED,
            event_id=str(uuid.uuid4()),
            occurred_at=self.clock.now(),
            stage=self.stage,
            client_id=failure.client_id,
            correlation_id=session.correlation_id if session else None,
            session_id=session.session_id if session else None,
            subject=session.subject if session else None,
            reason=failure.reason,
            count=failure.count,
            dedup_key=key,
        )
