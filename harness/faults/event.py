"""Faults of the events on the bus, and of their way there."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from harness.faults.registry import fault
from reference_impl.events.builder import EventBuilder
from reference_impl.events.fields import EventType, Reason
from reference_impl.events.occurrences import (
    AuthorizationStarted,
    LoginCompleted,
    Occurrence,
    RefreshFailed,
    ServerFault,
    Session,
    SessionRefreshed,
)
from reference_impl.events.outbox import DeadLetter, Message, Outbox
from reference_impl.events.publisher import Publisher, PublishReport
from reference_impl.events.schema import AuthEvent, Properties, detail_of
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.token_endpoint import CodeRedemption, InvalidGrant, TokenEndpoint, TokenSet
from reference_impl.parts import Part

FROZEN = 0.5  # seconds that a function sleeps before it goes on with what it did not wait for


@fault("F-EVENT-01-a", "EVENT-01.E2", Part.EVENT_BUILDER)
def a_login_is_told_when_it_begins(real: EventBuilder) -> EventBuilder:
    class Early(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            if isinstance(occurrence, AuthorizationStarted):
                begun = Session(str(uuid.uuid4()), "u" * 24, occurrence.client_id, occurrence.correlation_id)
                return super().build(LoginCompleted(begun, new_account=False))
            return super().build(occurrence)

    return Early(**vars(real))


@fault("F-EVENT-01-c", "EVENT-01.E1", Part.EVENT_BUILDER)
def the_first_login_of_an_account_is_not_told(real: EventBuilder) -> EventBuilder:
    class KnownOnly(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            if isinstance(occurrence, LoginCompleted) and occurrence.new_account:
                return None
            return super().build(occurrence)

    return KnownOnly(**vars(real))


@fault("F-EVENT-01-d", "EVENT-01.E3", Part.OUTBOX)
def events_wait_in_memory_and_nobody_waits_for_them(real: Outbox) -> Any:
    return _InMemory(real)


class _InMemory:
    """An outbox that a killed process takes with it."""

    def __init__(self, real: Outbox) -> None:
        self._real = real
        self._kept: dict[str, tuple[float, Message]] = {}
        self._keys: set[str | None] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def add(self, state: IssuerState, event: AuthEvent) -> bool:
        if event.dedup_key and event.dedup_key in self._keys:
            return False
        self._keys.add(event.dedup_key)
        message = Message(event.event_id, event.type, self._real.render(event, 1, event.occurred_at))
        self._kept[event.event_id] = (time.monotonic() + FROZEN, message)
        later = threading.Timer(FROZEN, self._real.wake)
        later.daemon = True
        later.start()
        return True

    def pending(self, limit: int = -1) -> tuple[Message, ...]:
        now = time.monotonic()
        due = tuple(message for at, message in list(self._kept.values()) if at <= now)
        return due if limit < 0 else due[:limit]

    def next_batch(self, limit: int) -> tuple[Message, ...]:
        return self.pending(limit)

    def settle(self, published: Iterable[str], dead: Iterable[DeadLetter]) -> None:
        for event_id in published:
            self._kept.pop(event_id, None)

    def wait_until_drained(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while self._kept and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self._kept


@fault("F-EVENT-01-x1", "EVENT-01.E1", Part.OUTBOX)
def login_events_have_an_empty_id(real: Outbox) -> Outbox:
    return altered(real, lambda event, told: {**told, "event_id": ""} if event.type == EventType.LOGIN else told)


def altered(real: Outbox, alter: Callable[[AuthEvent, Properties], Properties]) -> Outbox:
    """The outbox, that publishes other properties than the schema has, and signs them."""

    class Altered(Outbox):
        def render(self, event: AuthEvent, seq: int | None, recorded_at: float) -> str:
            told = alter(event, event.properties(seq, recorded_at))
            return detail_of(told, self._sign(told))

    real.__class__ = Altered
    return real


@fault("F-EVENT-01-x2", "EVENT-01.E2", Part.TOKEN_ENDPOINT)
def a_login_is_told_before_verifier_and_redirect_uri_are_compared(real: TokenEndpoint) -> TokenEndpoint:
    class Hasty(TokenEndpoint):
        def redeem(self, state: IssuerState, request: CodeRedemption) -> TokenSet:
            try:
                return super().redeem(state, request)
            except InvalidGrant as refused:
                if refused.__cause__ is None:  # the code was good, and what came along was not
                    nobody = Session(str(uuid.uuid4()), "u" * 24, request.client_id, str(uuid.uuid4()))
                    self.events.record(state, LoginCompleted(nobody, new_account=False))
                raise

    return Hasty(**vars(real))


@fault("F-EVENT-01-x3", "EVENT-01.E2", Part.EVENT_BUILDER)
def a_refresh_within_the_grace_is_told_as_a_login(real: EventBuilder) -> EventBuilder:
    class Eager(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            event = super().build(occurrence)
            if isinstance(occurrence, SessionRefreshed) and occurrence.retry:
                event = super().build(LoginCompleted(occurrence.session, new_account=False))
                return replace(event, dedup_key=None) if event else None
            return event

    return Eager(**vars(real))


@fault("F-EVENT-03-a", "EVENT-03.E1", Part.EVENT_BUILDER)
def only_clients_tell_of_reuse(real: EventBuilder) -> EventBuilder:
    """Published by the client only, so what the server alone notices is not told."""

    class Unaware(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            if isinstance(occurrence, RefreshFailed) and occurrence.reason is Reason.REUSE_DETECTED:
                return None
            return super().build(occurrence)

    return Unaware(**vars(real))


@fault("F-EVENT-03-b", "EVENT-03.E2", Part.EVENT_BUILDER)
def a_fault_of_the_server_is_told_as_a_failed_refresh(real: EventBuilder) -> EventBuilder:
    class Hasty(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            if isinstance(occurrence, ServerFault):
                return super().build(RefreshFailed(occurrence.client_id, Reason.MALFORMED, count=1))
            return super().build(occurrence)

    return Hasty(**vars(real))


@fault("F-EVENT-03-x1", "EVENT-03.E3", Part.OUTBOX)
def tokens_that_nobody_issued_are_told_with_a_subject(real: Outbox) -> Outbox:
    return altered(real, lambda event, told: {**told, **({"subject": "?"} if event.reason is Reason.MALFORMED else {})})


@fault("F-EVENT-03-x2", "EVENT-03.E1", Part.EVENT_BUILDER)
def an_expired_token_is_told_at_every_try(real: EventBuilder) -> EventBuilder:
    class Repeating(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            event = super().build(occurrence)
            return replace(event, dedup_key=None) if event and event.reason is Reason.EXPIRED else event

    return Repeating(**vars(real))


@fault("F-EVENT-03-x3", "EVENT-03.E1", Part.EVENT_BUILDER)
def of_the_dead_tokens_of_a_client_only_the_first_is_told(real: EventBuilder) -> EventBuilder:
    class Forgetful(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            event = super().build(occurrence)
            if event is None or event.type != EventType.REFRESH_FAILED or event.session_ref is None:
                return event
            return replace(event, dedup_key=f"refresh_failed|{event.client_id}|{event.reason}")

    return Forgetful(**vars(real))


@fault("F-EVENT-03-x4", "EVENT-03.E1", Part.EVENT_BUILDER)
def a_dead_token_is_told_of_its_own_client_and_not_of_who_presented_it(real: EventBuilder) -> EventBuilder:
    class Swapped(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            event = super().build(occurrence)
            if event is not None and isinstance(occurrence, RefreshFailed) and occurrence.session is not None:
                return replace(event, client_id=occurrence.session.client_id)
            return event

    return Swapped(**vars(real))


@fault("F-EVENT-10-b", "EVENT-10.E1", Part.PUBLISHER)
def the_whole_batch_is_sent_again_under_new_ids(real: Publisher) -> Publisher:
    class Wholesale(Publisher):
        def _publish(self, messages: tuple[Message, ...]) -> PublishReport:
            asked = tuple(message.event_id for message in messages)
            for _ in range(self.attempts):
                if all(code is None for _, code in self._send(messages)):
                    return PublishReport(published=asked)
                messages = tuple(_renamed(message) for message in messages)
            return self._bury([(message, "InternalFailure") for message in messages], self.attempts)

    return Wholesale(**vars(real))


def _renamed(message: Message) -> Message:
    fresh = str(uuid.uuid4())
    return Message(fresh, message.type, message.detail.replace(message.event_id, fresh))


@fault("F-EVENT-10-c", "EVENT-10.E3", Part.PUBLISHER)
def an_entry_that_is_refused_for_good_is_sent_for_ever(real: Publisher) -> Publisher:
    class Stubborn(Publisher):
        def _publish(self, messages: tuple[Message, ...]) -> PublishReport:
            published: list[str] = []
            while messages:
                answered = self._send(messages)
                published += [message.event_id for message, code in answered if code is None]
                messages = tuple(message for message, code in answered if code is not None)
                self.sleep(self.backoff)
            return PublishReport(published=tuple(published))

    return Stubborn(**vars(real))


@fault("F-EVENT-10-x1", "EVENT-10.E2", Part.PUBLISHER)
def an_answer_of_200_is_taken_for_success(real: Publisher) -> Publisher:
    """As SST's own publisher does: FailedEntryCount is not looked at."""

    class Trusting(Publisher):
        def _publish(self, messages: tuple[Message, ...]) -> PublishReport:
            self._send(messages)
            return PublishReport(published=tuple(message.event_id for message in messages))

    return Trusting(**vars(real))


@fault("F-EVENT-10-x2", "EVENT-10.E3", Part.PUBLISHER)
def a_dead_letter_is_kept_without_its_content(real: Publisher) -> Publisher:
    class Forgetful(Publisher):
        def _bury(self, failed: Sequence[tuple[Message, str]], attempt: int) -> PublishReport:
            emptied = [(replace(message, detail=""), code) for message, code in failed]
            return super()._bury(emptied, attempt)

    return Forgetful(**vars(real))


@fault("F-EVENT-10-x3", "EVENT-10.E3", Part.PUBLISHER)
def of_several_that_are_refused_for_good_only_one_is_kept(real: Publisher) -> Publisher:
    class Single(Publisher):
        def _bury(self, failed: Sequence[tuple[Message, str]], attempt: int) -> PublishReport:
            rest = tuple(message.event_id for message, _ in failed[1:])
            return super()._bury(failed[:1], attempt) + PublishReport(published=rest)

    return Single(**vars(real))


@fault("F-EVENT-10-x4", "EVENT-10.E3", Part.OUTBOX)
def redelivery_forgets_the_dead_letters(real: Outbox) -> Outbox:
    """They leave their store, and never go back among what is to be published."""

    class Careless(Outbox):
        def redeliver(self) -> int:
            with self._database.transaction() as connection:
                return connection.execute("DELETE FROM dead_letters").rowcount

    real.__class__ = Careless
    return real


@fault("F-EVENT-10-x5", "EVENT-10.E3", Part.PUBLISHER)
def what_was_in_a_refused_call_is_called_published(real: Publisher) -> Publisher:
    class Trusting(Publisher):
        def _not_taken(self, left: tuple[Message, ...], refusal: Any, attempt: int) -> PublishReport:
            super()._not_taken(left, refusal, attempt)
            return PublishReport(published=tuple(message.event_id for message in left))

    return Trusting(**vars(real))


@fault("F-EVENT-10-x6", "EVENT-10.E3", Part.PUBLISHER)
def whoever_is_denied_five_times_calls_the_events_published(real: Publisher) -> Publisher:
    denied = 0

    class Resigned(Publisher):
        def _not_taken(self, left: tuple[Message, ...], refusal: Any, attempt: int) -> PublishReport:
            nonlocal denied
            denied += refusal.blames == "caller"
            if denied < real.attempts:
                return super()._not_taken(left, refusal, attempt)
            denied = 0
            return PublishReport(published=tuple(message.event_id for message in left))

    return Resigned(**vars(real))
