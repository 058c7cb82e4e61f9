"""Faults of what is told of the ends of sessions."""

from __future__ import annotations

import uuid
from dataclasses import replace

from harness.faults.registry import fault
from reference_impl.events.builder import EventBuilder
from reference_impl.events.fields import EventType, Reason
from reference_impl.events.occurrences import Occurrence, Session, SessionEnded
from reference_impl.events.outbox import Outbox
from reference_impl.events.schema import AuthEvent
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.token_endpoint import TokenEndpoint
from reference_impl.issuer.tokens import session_of
from reference_impl.oauth_client import OAuthClientError
from reference_impl.parts import Part
from reference_impl.token_manager import Logout, TokenManager


@fault("F-EVENT-02-b", "EVENT-02.E2", Part.LOGOUT)
def an_offline_logout_is_never_published(real: Logout) -> Logout:
    class Forgetful(Logout):
        def end(self, manager: TokenManager, reason: str = "user") -> bool:
            held = manager.forget()
            try:
                if held is not None:
                    manager.oauth.revoke(held, reason)
            except OAuthClientError:
                return False
            return True

    return Forgetful(real.revocations)


@fault("F-EVENT-02-c", "EVENT-02.E1", Part.EVENT_BUILDER)
def all_ends_have_the_reason_user(real: EventBuilder) -> EventBuilder:
    class Uniform(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            if isinstance(occurrence, SessionEnded):
                occurrence = replace(occurrence, reason=Reason.USER)
            return super().build(occurrence)

    return Uniform(**vars(real))


@fault("F-EVENT-02-x1", "EVENT-02.E2", Part.EVENT_BUILDER)
def an_offline_logout_is_told_as_of_its_arrival(real: EventBuilder) -> EventBuilder:
    class Late(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            event = super().build(occurrence)
            return replace(event, occurred_at=self.clock.now()) if event else None

    return Late(**vars(real))


@fault("F-EVENT-02-x2", "EVENT-02.E3", Part.TOKEN_ENDPOINT)
def every_logout_is_told_however_often(real: TokenEndpoint) -> TokenEndpoint:
    kept: dict[str, Session] = {}

    class Repeating(TokenEndpoint):
        def end(self, state: IssuerState, session_id: str, reason: Reason, occurred_at: float | None = None) -> None:
            grant = state.grant(session_id)
            super().end(state, session_id, reason, occurred_at)
            if grant is not None and grant.ended_at is not None:
                kept[session_id] = Session(session_id, grant.subject, grant.client_id, grant.correlation_id)
                event = self.events.builder.build(SessionEnded(kept[session_id], reason))
                assert event is not None
                self.events.outbox.add(state, replace(event, dedup_key=None))

    return Repeating(**vars(real))


@fault("F-EVENT-02-x5", "EVENT-02.E1", Part.TOKEN_ENDPOINT)
def a_client_is_believed_whenever_it_says_that_its_user_left(real: TokenEndpoint) -> TokenEndpoint:
    class Believing(TokenEndpoint):
        def end(self, state: IssuerState, session_id: str, reason: Reason, occurred_at: float | None = None) -> None:
            if occurred_at is None:
                return super().end(state, session_id, reason)
            grant = self.tokens.end_grant(state, session_id, reason, self.clock.now())
            if grant is not None:
                self.events.record(state, SessionEnded(session_of(grant), reason, occurred_at))
            return None

    return Believing(**vars(real))


@fault("F-EVENT-02-x3", "EVENT-02.E1", Part.OUTBOX)
def a_logout_is_told_twice(real: Outbox) -> Outbox:
    class Doubling(Outbox):
        def add(self, state: object, event: AuthEvent) -> bool:
            added = super().add(state, event)
            if added and event.type == EventType.LOGOUT:
                super().add(state, replace(event, event_id=str(uuid.uuid4()), dedup_key=None))
            return added

    real.__class__ = Doubling
    return real


@fault("F-EVENT-02-x4", "EVENT-02.E3", Part.EVENT_BUILDER)
def an_expired_session_is_told_as_left_by_its_user(real: EventBuilder) -> EventBuilder:
    class Unaware(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            if isinstance(occurrence, SessionEnded) and occurrence.reason is Reason.EXPIRED:
                occurrence = replace(occurrence, reason=Reason.USER)
            return super().build(occurrence)

    return Unaware(**vars(real))
