"""Events per second through outbox, relay and publisher, beside bare `put_events` of the same entries, on moto."""

from __future__ import annotations

import secrets
import time
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import boto3
from moto.server import ThreadedMotoServer

from harness.machine.session import PrivateSession
from reference_impl.clock import SystemClock
from reference_impl.database import Database
from reference_impl.events import AuthEvent, EventType, Outbox, Publisher, Relay, outbox
from reference_impl.events.fields import REASONS
from reference_impl.events.publisher import MAX_BATCH
from reference_impl.events.schema import detail_of

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

BUS, SOURCE = "bench-bus", "bench.prod"


def measure(machine: PrivateSession, seconds: float) -> dict[str, Any]:
    """Publish for so long, in batches of ten, in both ways; to store an event in its transaction is counted too."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        session = boto3.Session("bench", "bench", region_name="eu-west-1")
        client = session.client("events", endpoint_url=f"http://{host}:{port}")
        client.create_event_bus(Name=BUS)
        bare = _bare(client, seconds)
        through = _through_the_outbox(client, machine.folder, seconds)
    finally:
        server.stop()
    figures = {"outbox and publisher": through, "bare put_events": bare}
    return {"unit": "events/s", "figures": figures, "ratios": {"outbox : put_events": round(through / bare, 2)}}


def _event() -> AuthEvent:
    return AuthEvent(
        EventType.LOGIN,
        event_id=str(uuid.uuid4()),
        occurred_at=time.time(),
        stage="prod",
        issuer="https://auth.prod.localhost",
        client_id="web",
        reason=next(iter(REASONS[EventType.LOGIN])),
        subject=secrets.token_urlsafe(18),
        session_ref=secrets.token_urlsafe(18),
        correlation_id=str(uuid.uuid4()),
    )


def _detail(event: AuthEvent) -> str:
    return detail_of(event.properties(1, event.occurred_at), {})


def _bare(client: EventBridgeClient, seconds: float) -> float:
    began, sent = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        events = [_event() for _ in range(MAX_BATCH)]
        client.put_events(
            Entries=[
                {"Source": SOURCE, "DetailType": e.type, "Detail": _detail(e), "EventBusName": BUS} for e in events
            ]
        )
        sent += len(events)
    return round(sent / (time.monotonic() - began), 1)


def _through_the_outbox(client: EventBridgeClient, folder: Path, seconds: float) -> float:
    with TemporaryDirectory(dir=folder) as name:
        database = Database(Path(name) / "bench.sqlite", outbox.SCHEMA)
        box = Outbox(database, SystemClock())
        relay = Relay(box, Publisher(client, BUS, SOURCE))
        began, sent = time.monotonic(), 0
        while time.monotonic() - began < seconds:
            for _ in range(MAX_BATCH):  # one transaction each: an event comes with the change that it tells of
                with database.transaction() as connection:
                    box.add(connection, _event())
            sent += len(relay.publish_pending().published)
        database.close()
    return round(sent / (time.monotonic() - began), 1)
