"""The reference's alert on bursts: its rule on a stage's bus, a queue behind it, and the counters that drain it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from harness.errors import TargetError
from harness.faults.launch import parts_of
from harness.observations import Alerts
from harness.observe import Recorder
from harness.ports import Failure
from harness.targets.reference_event_contract import subscriber_of
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_subscribers import Queue
from reference_impl.aws import DEFAULT_REGION
from reference_impl.database import Database
from reference_impl.events import OUTBOX_SCHEMA, SUBSCRIBER_SCHEMA, EventSigner, Outbox, Publisher, Relay, bursts
from reference_impl.events.bursts import Alert, BurstAlarm
from reference_impl.events.deploy import failure_pattern, put_rule
from reference_impl.events.fields import Reason
from reference_impl.events.occurrences import RefreshFailed, Session
from reference_impl.parts import Part

__all__ = ["ReferenceAlertRule"]

INSTANCES = 10  # of the alarm; each failure is counted by one of them


class ReferenceAlertRule:
    """Each call has a rule, a queue and a database of its own."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target, self._recorder = target, recorder
        self._session = boto3.Session("harness", "harness", region_name=DEFAULT_REGION)

    def feed(self, case: str, stage: str, failures: Sequence[Failure], of_stage: str) -> Alerts:
        """Through outbox, publisher, bus, rule and queue to the alarm's instances."""
        started, raised = time.monotonic(), list[Alert]()
        config, name = self._target.reference.stages[stage].config, f"alert-{uuid.uuid4().hex[:12]}"
        events = self._session.client("events", endpoint_url=self._target.aws_endpoint)
        queue = Queue.make(self._session, self._target.aws_endpoint)
        put_rule(events, config.bus, name, failure_pattern(config.app, stage, config.issuer), queue.arn)
        with TemporaryDirectory(dir=self._target.folder) as folder:
            schemas = (OUTBOX_SCHEMA, SUBSCRIBER_SCHEMA, bursts.SCHEMA)
            database = Database(Path(folder) / "alerts.sqlite", *schemas)
            alarms = [self._alarm(database, stage, raised) for _ in range(INSTANCES)]
            flows = self._publish(events, database, config.bus, of_stage, failures)
            expected = len(failures) if of_stage == stage else 0
            came = queue.until(lambda seen: len(seen) >= expected)
            if len(came) < expected:
                raise TargetError(f"{case}: of {expected} failures {len(came)} came through")
            subscriber = subscriber_of(self._target, stage, database)
            for number, envelope in enumerate(came):
                if subscriber.receive(envelope):
                    alarms[number % INSTANCES].receive(envelope["detail"]["properties"])
            database.close()
        events.remove_targets(Rule=name, EventBusName=config.bus, Ids=[name])
        events.delete_rule(Name=name, EventBusName=config.bus)
        events.close()
        queue.close()
        return self._recorder.record(
            Alerts(
                case=case,
                stage=stage,
                fed=len(failures),
                alerts=tuple(asdict(alert) for alert in raised),
                flows=flows,
                seconds=round(time.monotonic() - started, 3),
            )
        )

    def _alarm(self, database: Database, stage: str, raised: list[Alert]) -> BurstAlarm:
        real = BurstAlarm(database, stage, raised.append)
        return parts_of(self._target.faults, stage).choose(Part.BURST_ALARM, real)

    def _publish(
        self, events: object, database: Database, bus: str, stage: str, failures: Sequence[Failure]
    ) -> tuple[str, ...]:
        """Genuine events of a stage, that occurred when the failures say; return the flows that they belong to."""
        running = self._target.reference.stages[stage]
        box = Outbox(database, self._target.shifted, EventSigner(running.app.issuer.keys.sign_as))
        began, sessions = self._target.shifted.now(), dict[int, Session]()
        with database.transaction() as connection:
            for generation, failure in enumerate(failures):
                session = sessions.setdefault(
                    failure.account,
                    Session(str(uuid.uuid4()), f"{failure.account:024d}", "web", str(uuid.uuid4())),
                )
                occurred = RefreshFailed("web", Reason(failure.reason), session, generation)
                event = running.app.issuer.events.builder.build(occurred)
                assert event is not None
                box.add(connection, replace(event, occurred_at=began + failure.after))
        publisher = Publisher(events, bus, f"{running.config.app}.{stage}")  # type: ignore[arg-type]  # boto3's client
        Relay(box, publisher).publish_all()
        if box.pending(1):
            raise TargetError("the failures could not be published")
        return tuple(session.correlation_id for session in sessions.values())
