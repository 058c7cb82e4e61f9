"""Faults of what events say: of their schema, of secrets and of people."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from flask import has_request_context, request

from harness.faults.event import altered
from harness.faults.registry import fault
from reference_impl.events.builder import EventBuilder
from reference_impl.events.consumer import Consumer, Subscriber
from reference_impl.events.fields import VERSION, EventType
from reference_impl.events.outbox import Outbox
from reference_impl.events.schema import AuthEvent, Properties
from reference_impl.events.validation import violations
from reference_impl.issuer.accounts import Accounts
from reference_impl.issuer.identity import Identity
from reference_impl.parts import Part

SUMMER = "+02:00"


@fault("F-EVENT-04-a", "EVENT-04.E1", Part.OUTBOX)
def the_type_is_misspelled(real: Outbox) -> Outbox:
    def misspelled(event: AuthEvent, told: Properties) -> Properties:
        return {**told, "type": "auth.refreshFailed"} if event.type == EventType.REFRESH_FAILED else told

    return altered(real, misspelled)


@fault("F-EVENT-04-c", "EVENT-04.E1", Part.OUTBOX)
def events_do_not_tell_their_stage(real: Outbox) -> Outbox:
    return altered(real, lambda event, told: {name: value for name, value in told.items() if name != "stage"})


@fault("F-EVENT-04-x1", "EVENT-04.E2", Part.OUTBOX)
def the_producer_publishes_whatever_it_is_given(real: Outbox) -> Outbox:
    return altered(real, lambda event, told: told)


@fault("F-EVENT-04-x2", "EVENT-04.E3", Part.OUTBOX)
def times_are_local(real: Outbox) -> Outbox:
    def local(event: AuthEvent, told: Properties) -> Properties:
        return {**told, "occurred_at": str(told["occurred_at"]).replace("Z", SUMMER)}

    return altered(real, local)


@fault("F-EVENT-04-x3", "EVENT-04.E3", Part.EVENT_BUILDER)
def events_tell_a_time_of_another_clock(real: EventBuilder) -> EventBuilder:
    class Late:
        def now(self) -> float:
            return real.clock.now() - 3600

    return EventBuilder(**{**vars(real), "clock": Late()})


@fault("F-EVENT-04-x4", "EVENT-04.E4", Part.EVENT_CONSUMER)
def only_the_newest_version_is_consumed(real: Subscriber) -> Subscriber:
    class Strict(Consumer):
        def check_origin(self, envelope: Mapping[str, object], properties: Mapping[str, object]) -> None:
            super().check_origin(envelope, properties)
            if violations(envelope.get("detail-type"), properties, (VERSION,)):
                raise ValueError(VERSION)

    class Careful(Subscriber):
        def receive(self, envelope: Mapping[str, object]) -> bool:
            try:
                return super().receive(envelope)
            except ValueError:
                return False

    return Careful(real._database, Strict(**vars(real._consumer)))


@fault("F-EVENT-04-x5", "EVENT-04.E4", Part.EVENT_CONSUMER)
def any_version_is_consumed(real: Subscriber) -> Subscriber:
    class Credulous(Consumer):
        def read(self, envelope: Mapping[str, object]) -> Mapping[str, object]:
            detail = envelope["detail"]
            assert isinstance(detail, Mapping)
            properties: Mapping[str, object] = detail["properties"]
            return properties

    return Subscriber(real._database, Credulous(**vars(real._consumer)))


def _presented() -> str:
    return request.form.get("refresh_token", "") if has_request_context() else ""


@fault("F-EVENT-06-a", "EVENT-06.E1", Part.OUTBOX)
def the_message_of_an_exception_is_copied_with_the_token_in_it(real: Outbox) -> Outbox:
    def copied(event: AuthEvent, told: Properties) -> Properties:
        detail = f"token-{_presented()}-was-refused"
        return {**told, "reason_detail": detail} if event.type == EventType.REFRESH_FAILED else told

    return altered(real, copied)


@fault("F-EVENT-06-b", "EVENT-06.E1", Part.OUTBOX)
def the_session_is_called_by_the_hash_of_its_token(real: Outbox) -> Outbox:
    def hashed(event: AuthEvent, told: Properties) -> Properties:
        digest = hashlib.sha256(_presented().encode()).hexdigest()
        return {**told, "session_ref": digest} if event.type == EventType.REFRESH_FAILED else told

    return altered(real, hashed)


@fault("F-EVENT-06-x1", "EVENT-06.E2", Part.EVENT_BUILDER)
def a_session_is_called_by_a_hash_without_a_key(real: EventBuilder) -> EventBuilder:
    class Keyless(EventBuilder):
        def session_ref(self, session_id: str) -> str:
            return base64.urlsafe_b64encode(hashlib.sha256(session_id.encode()).digest()[:18]).decode()

    return Keyless(**vars(real))


@fault("F-EVENT-06-x2", "EVENT-06.E3", Part.OUTBOX)
def events_tell_what_the_user_agent_calls_itself(real: Outbox) -> Outbox:
    def with_agent(event: AuthEvent, told: Properties) -> Properties:
        agent = request.headers.get("User-Agent", "") if has_request_context() else ""
        return {**told, "client_id": f"{told['client_id']} {agent[:12]}"}

    return altered(real, with_agent)


@fault("F-EVENT-06-x3", "EVENT-06.E1", Part.EVENT_BUILDER)
def the_whole_request_is_logged_where_a_refresh_failed(real: EventBuilder) -> EventBuilder:
    import logging

    from reference_impl.events.occurrences import Occurrence, RefreshFailed

    class Talkative(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            if isinstance(occurrence, RefreshFailed):
                logging.getLogger("reference_impl.events").warning("refused: %s", request.form.to_dict())
            return super().build(occurrence)

    return Talkative(**vars(real))


@fault("F-EVENT-07-b", "EVENT-07.E1", Part.OUTBOX)
def the_subject_is_the_e_mail_address(real: Outbox) -> Outbox:
    def by_address(event: AuthEvent, told: Properties) -> Properties:
        with real._database.reading() as connection:
            row = connection.execute("SELECT name FROM accounts WHERE subject = ?", (event.subject,)).fetchone()
        return {**told, "subject": f"{row['name']}@users.example"} if row else told

    return altered(real, by_address)


@fault("F-EVENT-07-c", "EVENT-07.E2", Part.OUTBOX)
def the_whole_address_is_told_for_analytics(real: Outbox) -> Outbox:
    def with_address(event: AuthEvent, told: Properties) -> Properties:
        return {**told, "analytics_ip": (request.remote_addr or "") if has_request_context() else ""}

    return altered(real, with_address)


@fault("F-EVENT-07-x1", "EVENT-07.E3", Part.ACCOUNTS)
def all_stages_have_the_same_pseudonym(real: Accounts) -> Accounts:
    class Alike(Accounts):
        def new_pseudonym(self, identity: Identity) -> str:
            return base64.urlsafe_b64encode(hashlib.sha256(identity.subject.encode()).digest()[:18]).decode()

    return Alike(real._subject_key)


@fault("F-EVENT-07-x2", "EVENT-07.E4", Part.ACCOUNTS)
def the_pseudonym_can_be_made_again_from_the_identity(real: Accounts) -> Accounts:
    class Derived(Accounts):
        def new_pseudonym(self, identity: Identity) -> str:
            digest = hmac.new(self._subject_key(), identity.subject.encode(), hashlib.sha256).digest()
            return base64.urlsafe_b64encode(digest[:18]).decode()

    return Derived(real._subject_key)
