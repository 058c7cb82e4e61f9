"""Decides which occurrence becomes which event."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass, field

from reference_impl.clock import Clock
from reference_impl.events.fields import EventType, Reason
from reference_impl.events.occurrences import LoginCompleted, Occurrence, RefreshFailed, Session, SessionEnded
from reference_impl.events.schema import AuthEvent


@dataclass(frozen=True)
class EventBuilder:
    """Builds the events of one stage. ``key``: the stage's own, by which session identifiers become references."""

    stage: str
    issuer: str
    clock: Clock
    key: bytes = field(repr=False)

    def build(self, occurrence: Occurrence) -> AuthEvent | None:
        """Return the event that the occurrence is, or None: started, refreshed or failed by our fault is no event."""
        match occurrence:
            case LoginCompleted(session=session, new_account=new):
                reason = Reason.FIRST_LOGIN if new else Reason.KNOWN_ACCOUNT
                return self._of_session(EventType.LOGIN, session, reason, f"login|{session.session_id}")
            case SessionEnded(session=session, reason=reason, occurred_at=at):
                return self._of_session(EventType.LOGOUT, session, reason, f"logout|{session.session_id}", at)
            case RefreshFailed():
                return self._refresh_failed(occurrence)
            case _:
                return None

    def session_ref(self, session_id: str) -> str:
        """Return the reference of a session: who does not hold the stage's key cannot tell which identifier it is."""
        digest = hmac.new(self.key, b"session_ref|" + session_id.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()

    def _reference(self, session: Session) -> str:
        return session.reference or self.session_ref(session.session_id)

    def _of_session(
        self, type_: EventType, session: Session, reason: Reason, key: str, occurred_at: float | None = None
    ) -> AuthEvent:
        return AuthEvent(
            type_,
            event_id=str(uuid.uuid4()),
            occurred_at=self.clock.now() if occurred_at is None else occurred_at,
            stage=self.stage,
            issuer=self.issuer,
            client_id=session.client_id,
            reason=reason,
            subject=session.subject,
            session_ref=self._reference(session),
            correlation_id=session.correlation_id,
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
            issuer=self.issuer,
            client_id=failure.client_id,
            reason=failure.reason,
            subject=session.subject if session else None,
            session_ref=self._reference(session) if session else None,
            correlation_id=session.correlation_id if session else None,
            count=failure.count,
            dedup_key=key,
        )
