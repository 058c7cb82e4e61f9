"""A subscriber of the reference behind the reference's own rule: what gets through to it, and what it believes."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from harness.errors import TargetError
from harness.faults.launch import parts_of
from harness.observations import EventTrial
from harness.observe import Recorder
from harness.targets.reference_event_contract import subscriber_of
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_logs import LogTap
from reference_impl.aws import DEFAULT_REGION
from reference_impl.database import Database
from reference_impl.events import SUBSCRIBER_SCHEMA
from reference_impl.events.authenticity import EventSigner
from reference_impl.events.deploy import put_rule, subscriber_pattern
from reference_impl.events.occurrences import LoginCompleted, Session
from reference_impl.parts import Part

__all__ = ["Queue", "ReferenceSubscribers"]

SECONDS = 15.0  # until what was put on the bus must have come through

Entry = dict[str, str]


@dataclass(frozen=True)
class Queue:
    """A queue behind a rule of a bus. `Any`: clients and deliveries of boto3."""

    sqs: Any
    url: str
    arn: str

    @classmethod
    def make(cls, session: boto3.Session, endpoint: str) -> Queue:
        sqs = session.client("sqs", endpoint_url=endpoint)
        url = sqs.create_queue(QueueName=f"subscriber-{uuid.uuid4().hex[:12]}")["QueueUrl"]
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return cls(sqs, url, answer["Attributes"]["QueueArn"])

    def until(self, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """What came, until it is enough or `SECONDS` are over."""
        came: list[dict[str, Any]] = []
        deadline = time.monotonic() + SECONDS
        while not enough(came) and time.monotonic() < deadline:
            answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                came.append(json.loads(message["Body"]))
        return came

    def close(self) -> None:
        self.sqs.delete_queue(QueueUrl=self.url)
        self.sqs.close()


class ReferenceSubscribers:
    """One subscriber for each stage that is asked about."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target, self._recorder = target, recorder
        self._session = boto3.Session("harness", "harness", region_name=DEFAULT_REGION)
        self._queues: dict[str, Queue] = {}
        self._rules: list[tuple[str, str]] = []
        self._archived: dict[str, Entry] = {}  # the first genuine event of each stage
        self._stolen: dict[str, EventSigner] = {}  # and the key that signed it, in the hands of a thief

    def offer(self, case: str, stage: str, forgery: str) -> EventTrial:
        """A genuine event follows the forged one: once it has come, the other has come too, or never will."""
        bus, queue = self._target.reference.stages[stage].config.bus, self._queue(stage)
        last, tap = self._entry(stage), LogTap()
        self._archived.setdefault(stage, last)
        self._stolen.setdefault(stage, EventSigner.of_key(self._signing_key(stage)))
        forged = [] if forgery == "genuine" else [self._forged(stage, forgery)]
        events = boto3.Session(f"{forgery} role".split()[0], "secret", region_name=DEFAULT_REGION).client(
            "events", endpoint_url=self._target.aws_endpoint
        )
        put: Any = [{**entry, "EventBusName": bus} for entry in (*forged, last)]
        events.put_events(Entries=put)
        events.close()
        came = queue.until(lambda seen: any(_id(e) == _id_of(last) for e in seen))
        if not any(_id(envelope) == _id_of(last) for envelope in came):
            raise TargetError(f"{stage}: a genuine event did not come through")
        offered = came if forgery == "genuine" else [e for e in came if e["detail"] != json.loads(last["Detail"])]
        taken = self._taken(stage, offered)
        tap.close()
        return self._recorder.record(
            EventTrial(
                case=case,
                about={"stage": stage},
                offered=len(forged) or 1,
                taken=taken,
                delivered=tuple((str(e["source"]), _stage(e)) for e in offered),
                logged=tuple(text for text in tap.text if "refused" in text),
            )
        )

    def close(self) -> None:
        """Take rules and queues away."""
        events = self._session.client("events", endpoint_url=self._target.aws_endpoint)
        for bus, name in self._rules:
            events.remove_targets(Rule=name, EventBusName=bus, Ids=[name])
            events.delete_rule(Name=name, EventBusName=bus)
        events.close()
        for queue in self._queues.values():
            queue.close()

    def _queue(self, stage: str) -> Queue:
        if stage not in self._queues:
            config = self._target.reference.stages[stage].config
            queue = self._queues[stage] = Queue.make(self._session, self._target.aws_endpoint)
            pattern = parts_of(self._target.faults, stage).choose(Part.EVENT_RULE, subscriber_pattern)
            name = f"subscriber-{uuid.uuid4().hex[:12]}"
            events = self._session.client("events", endpoint_url=self._target.aws_endpoint)
            put_rule(events, config.bus, name, pattern(config.app, stage, config.issuer), queue.arn)
            events.close()
            self._rules.append((config.bus, name))
        return self._queues[stage]

    def _taken(self, stage: str, envelopes: list[dict[str, Any]]) -> int:
        with TemporaryDirectory(dir=self._target.folder) as folder:
            database = Database(Path(folder) / "received.sqlite", SUBSCRIBER_SCHEMA)
            subscriber = subscriber_of(self._target, stage, database)
            taken = sum(subscriber.receive(envelope) for envelope in envelopes)
            database.close()
        return taken

    def _signing_key(self, stage: str) -> dict[str, str]:
        ring = self._target.reference.stages[stage].app.issuer.keys
        jwk = json.loads(next(each.value for each in ring.published() if each.name == ring.kid))
        self._recorder.redactor.register(jwk["d"], "signing_key")
        return dict(jwk)

    def _entry(self, stage: str, signer: EventSigner | None = None) -> Entry:
        """A login of the stage, as its issuer publishes it, or as somebody would who has a key of it."""
        running = self._target.reference.stages[stage]
        session = Session(str(uuid.uuid4()), "s" * 24, "web", str(uuid.uuid4()))
        event = running.app.issuer.events.builder.build(LoginCompleted(session, new_account=False))
        assert event is not None
        properties = event.properties(1, self._target.shifted.now())
        metadata = (signer or EventSigner(running.app.issuer.keys.sign_as))(properties)
        detail = json.dumps({"metadata": dict(metadata), "properties": dict(properties)})
        return {"Source": f"{running.config.app}.{stage}", "DetailType": str(event.type), "Detail": detail}

    def _forged(self, stage: str, forgery: str) -> Entry:
        if forgery == "an event of the archive, by the key that has ended":
            return self._archived[stage]
        if forgery == "a login told by who stole the key that has ended":
            return self._entry(stage, self._stolen[stage])
        genuine, dev = self._entry(stage), self._entry("dev")
        if forgery == "an event of dev":
            return dev
        if forgery == "a copy without its stage":
            return _altered(genuine, lambda told: {name: told[name] for name in told if name != "stage"})
        if forgery == "an event of dev with another source and stage":
            own = json.loads(genuine["Detail"])["properties"]
            moved = _altered(dev, lambda told: {**told, "stage": stage, "issuer": own["issuer"]})
            return {**moved, "Source": genuine["Source"]}
        victim = {"subject": "v" * 24, "event_id": str(uuid.uuid4())}
        return _altered(genuine, lambda told: {**told, **victim})  # by the API, the web or the desktop client


def _altered(entry: Entry, alter: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Entry:
    detail = json.loads(entry["Detail"])
    altered = {**detail, "properties": dict(alter(detail["properties"]))}
    return {**entry, "Detail": json.dumps(altered)}


def _id_of(entry: Entry) -> str:
    return str(json.loads(entry["Detail"])["properties"]["event_id"])


def _id(envelope: Mapping[str, Any]) -> str:
    return str(envelope["detail"]["properties"].get("event_id"))


def _stage(envelope: Mapping[str, Any]) -> str:
    return str(envelope["detail"]["properties"].get("stage", ""))
