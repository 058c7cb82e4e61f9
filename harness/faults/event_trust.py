"""Faults of those who believe events, and of the alarm that counts them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from harness.faults.registry import fault
from reference_impl.database import Database
from reference_impl.events import EventVerifier, bursts
from reference_impl.events.bursts import Alert, BurstAlarm
from reference_impl.events.consumer import Consumer, Refused, Subscriber
from reference_impl.events.fields import EventType
from reference_impl.parts import Part

Pattern = Callable[[str, str, str], Mapping[str, object]]


@fault("F-EVENT-13-b", "EVENT-13.E2", Part.EVENT_RULE)
def the_rule_filters_by_detail_type_alone(real: Pattern) -> Pattern:
    return lambda app, stage, issuer: {"detail-type": [str(type_) for type_ in EventType]}


@fault("F-EVENT-13-x1", "EVENT-13.E1", Part.EVENT_CONSUMER)
def what_says_that_it_is_of_the_issuer_is_believed(real: Subscriber) -> Subscriber:
    class Trusting(Consumer):
        def check_signature(self, properties: Mapping[str, object], metadata: Mapping[str, object]) -> None:
            """Whoever may publish is the issuer."""

    return Subscriber(real._database, Trusting(**vars(real._consumer)))


@fault("F-EVENT-13-x2", "EVENT-13.E3", Part.EVENT_CONSUMER)
def forgeries_are_dropped_silently(real: Subscriber) -> Subscriber:
    class Silent(Subscriber):
        def receive(self, envelope: Mapping[str, object]) -> bool:
            try:
                self._consumer.read(envelope)
            except Refused:
                return False
            return super().receive(envelope)

    return Silent(real._database, real._consumer)


@fault("F-EVENT-13-x3", "EVENT-13.E1", Part.EVENT_CONSUMER)
def a_key_that_has_ended_is_believed_of_the_present(real: Subscriber) -> Subscriber:
    class Timeless(EventVerifier):
        def signed_at(self, jwk: Mapping[str, object], moment: float) -> bool:
            return True

    verify = real._consumer.verify
    assert isinstance(verify, EventVerifier)
    return Subscriber(real._database, replace(real._consumer, verify=Timeless(verify._keys)))


@fault("F-EVENT-12-b", "EVENT-12.E1", Part.BURST_ALARM)
def each_instance_counts_for_itself(real: BurstAlarm) -> BurstAlarm:
    own = Database(Path(mkdtemp(dir=real.database.path.parent)) / "own.sqlite", bursts.SCHEMA)
    return replace(real, database=own)


@fault("F-EVENT-12-c", "EVENT-12.E1", Part.BURST_ALARM)
def every_event_of_a_burst_raises_an_alert(real: BurstAlarm) -> BurstAlarm:
    class Storm(BurstAlarm):
        def alert(self, connection: sqlite3.Connection, rule: str, keys: list[str], at: float) -> Alert | None:
            connection.execute("DELETE FROM known_bursts")
            return super().alert(connection, rule, keys, at)

    return Storm(**vars(real))


@fault("F-EVENT-12-x1", "EVENT-12.E2", Part.BURST_ALARM)
def an_alert_does_not_say_what_raised_it(real: BurstAlarm) -> BurstAlarm:
    return replace(real, sink=lambda alert: real.sink(replace(alert, correlation_ids=())))


@dataclass(frozen=True)
class _Personal(Alert):
    subject: str = ""


@fault("F-EVENT-12-x2", "EVENT-12.E3", Part.BURST_ALARM)
def an_alert_tells_whose_account_it_is(real: BurstAlarm) -> BurstAlarm:
    return replace(real, sink=lambda alert: real.sink(_Personal(**vars(alert), subject=f"{7:024d}")))


@fault("F-EVENT-12-x3", "EVENT-12.E1", Part.BURST_ALARM)
def a_reuse_is_counted_like_any_failure(real: BurstAlarm) -> BurstAlarm:
    class Patient(BurstAlarm):
        def judge(self, connection: sqlite3.Connection, properties: Mapping[str, object]) -> Alert | None:
            return super().judge(connection, {**properties, "reason": "revoked"})

    return Patient(**vars(real))
