"""Faults of events on their way to the bus, and at who stores them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.faults.event import altered
from harness.faults.registry import fault
from reference_impl.events.consumer import Refused, Subscriber
from reference_impl.events.fields import LONGEST
from reference_impl.events.outbox import Message, Outbox
from reference_impl.events.publisher import Publisher
from reference_impl.events.schema import AuthEvent, Properties
from reference_impl.issuer.state import IssuerState
from reference_impl.parts import Part

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef


@fault("F-EVENT-08-b", "EVENT-08.E3", Part.OUTBOX)
def the_order_rests_on_the_second_in_which_it_happened(real: Outbox) -> Outbox:
    return altered(real, lambda event, told: {**told, "seq": int(event.occurred_at)})


@fault("F-EVENT-08-x1", "EVENT-08.E1", Part.PUBLISHER)
def every_publication_has_a_new_id(real: Publisher) -> Publisher:
    class Renaming(Publisher):
        def entry(self, message: Message) -> PutEventsRequestEntryTypeDef:
            renamed = message.detail.replace(message.event_id, str(uuid.uuid4()))
            return super().entry(Message(message.event_id, message.type, renamed))

    return Renaming(**vars(real))


@fault("F-EVENT-08-x2", "EVENT-08.E2", Part.EVENT_CONSUMER)
def every_delivery_is_stored(real: Subscriber) -> Subscriber:
    class Storing(Subscriber):
        def receive(self, envelope: Mapping[str, object]) -> bool:
            try:
                told = self._consumer.read(envelope)
            except Refused:
                return False
            row = (str(uuid.uuid4()), told["type"], told["session_ref"], told["seq"], json.dumps(dict(told)))
            with self._database.transaction() as connection:
                connection.execute("INSERT INTO received_events VALUES (?, ?, ?, ?, ?)", row)
            return True

    return Storing(real._database, real._consumer)


@fault("F-EVENT-11-b", "EVENT-11.E1", Part.OUTBOX)
def an_event_that_is_too_large_is_discarded(real: Outbox) -> Outbox:
    class Discarding(Outbox):
        def add(self, state: IssuerState | sqlite3.Connection, event: AuthEvent) -> bool:
            return len(event.client_id.encode()) <= LONGEST and super().add(state, event)

    real.__class__ = Discarding
    return real


@fault("F-EVENT-11-x1", "EVENT-11.E2", Part.PUBLISHER)
def the_size_of_a_call_is_not_counted(real: Publisher) -> Publisher:
    class Padding(Publisher):
        def entry(self, message: Message) -> PutEventsRequestEntryTypeDef:
            padded = message.detail + " " * 30_000  # as where large events are many
            return super().entry(Message(message.event_id, message.type, padded))

    return Padding(**vars(real))


@fault("F-EVENT-11-x2", "EVENT-11.E3", Part.OUTBOX)
def texts_are_cut_within_characters(real: Outbox) -> Outbox:
    def cut(event: AuthEvent, told: Properties) -> Properties:
        if "truncated" not in told:
            return told
        return {**told, "client_id": event.client_id.encode()[:61].decode("utf-8", "replace")}

    return altered(real, cut)


@fault("F-EVENT-11-x4", "EVENT-11.E1", Part.OUTBOX)
def what_is_too_long_is_told_by_its_hash(real: Outbox) -> Outbox:
    def hashed(event: AuthEvent, told: Properties) -> Properties:
        if "truncated" not in told:
            return told
        return {**told, "client_id": hashlib.sha256(event.client_id.encode()).hexdigest()[:32]}

    return altered(real, hashed)


@fault("F-EVENT-11-x3", "EVENT-11.E1", Part.OUTBOX)
def what_was_cut_does_not_say_so(real: Outbox) -> Outbox:
    return altered(real, lambda event, told: {name: value for name, value in told.items() if name != "truncated"})
