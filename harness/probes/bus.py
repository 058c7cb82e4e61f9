"""A tap on an event bus: a rule that matches everything, and a queue that is drained by long polls.

Deliveries are read in SST's form (`detail.properties`, `detail.metadata`); what has another form is kept, and visible.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from harness.observations import BusEvent

if TYPE_CHECKING:
    import boto3

__all__ = ["BusTap", "read_delivery"]

SENTINEL = "authassay.sentinel"  # detail-type of what the harness itself publishes, to see that all before it has come
POLL = 1  # seconds of a long poll
BATCH = 10  # messages of a receive: the maximum of SQS
MATCH_ALL = json.dumps({"source": [{"prefix": ""}]})


class BusTap:
    """All that one bus delivers, from the moment that the tap is made until it is closed."""

    def __init__(self, session: boto3.Session, endpoint: str | None, bus: str) -> None:
        self.bus = bus
        self.bodies: list[str] = []  # all that was delivered, whole
        self._events = session.client("events", endpoint_url=endpoint)
        self._sqs = session.client("sqs", endpoint_url=endpoint)
        self._name = f"authassay-tap-{uuid.uuid4().hex[:12]}"
        self._queue = self._sqs.create_queue(QueueName=self._name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        self._events.put_rule(Name=self._name, EventBusName=bus, EventPattern=MATCH_ALL)
        arn = attributes["Attributes"]["QueueArn"]
        self._events.put_targets(Rule=self._name, EventBusName=bus, Targets=[{"Id": "tap", "Arn": arn}])

    def drain(self, timeout: float) -> tuple[tuple[BusEvent, ...], bool]:
        """What was delivered since the last call, and whether a sentinel that is published now came through.

        The bus keeps no order, so one more look follows the sentinel. `timeout` in seconds.
        """
        nonce, deadline = uuid.uuid4().hex, time.monotonic() + timeout
        detail = json.dumps({"nonce": nonce})
        self._events.put_events(
            Entries=[{"Source": "authassay", "DetailType": SENTINEL, "Detail": detail, "EventBusName": self.bus}]
        )
        bodies: list[str] = []
        while not any(nonce in body for body in bodies) and time.monotonic() < deadline:
            bodies += self._receive(POLL)
        settled = any(nonce in body for body in bodies)
        while last := self._receive(0):
            bodies += last
        self.bodies += [body for body in bodies if nonce not in body]
        deliveries = (read_delivery(body, self.bus) for body in bodies)
        return tuple(event for event in deliveries if event.type != SENTINEL), settled

    def close(self) -> None:
        """Take rule and queue away."""
        self._events.remove_targets(Rule=self._name, EventBusName=self.bus, Ids=["tap"])
        self._events.delete_rule(Name=self._name, EventBusName=self.bus)
        self._sqs.delete_queue(QueueUrl=self._queue)
        self._events.close()
        self._sqs.close()

    def _receive(self, wait: int) -> list[str]:
        answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=BATCH, WaitTimeSeconds=wait)
        messages = answer.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]


def read_delivery(body: str, bus: str) -> BusEvent:
    """One delivery of EventBridge to a queue. What is not in SST's form stands whole under the property `unread`."""
    envelope = _object(body)
    detail = envelope.get("detail")
    kind, source = str(envelope.get("detail-type", "")), str(envelope.get("source", ""))
    if isinstance(detail, dict) and set(detail) == {"metadata", "properties"}:
        properties, metadata = detail["properties"], detail["metadata"]
        if isinstance(properties, dict) and isinstance(metadata, dict):
            return BusEvent(kind, source, properties, metadata, bus)
    unread = json.dumps(detail) if envelope else body
    return BusEvent(kind, source, {"unread": unread}, {}, bus)


def _object(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
