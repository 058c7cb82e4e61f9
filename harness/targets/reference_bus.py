"""The reference's bus as its subscribers see it, and its publisher before a bus that refuses."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from harness.faults.launch import parts_of
from harness.observations import BusCapture, BusEvent, PublishTranscript, SecretScan
from harness.observe import Recorder
from harness.probes.bus import BusTap
from harness.probes.scripted_bus import Row, ScriptedBus, digest_of, offline_client
from harness.scan import SecretScanner, observe_scan
from harness.secret_forms import Secret
from harness.targets.reference_host import PERSONAL, ReferenceHost
from harness.targets.reference_logs import LogTap
from reference_impl.clock import SystemClock
from reference_impl.database import Database
from reference_impl.events import AuthEvent, EventType, Outbox, Publisher, Reason, Relay, outbox
from reference_impl.events.outbox import Message
from reference_impl.parts import Part

__all__ = ["ReferenceBus", "ReferencePublisher", "logged_errors"]

DRAIN = 40.0  # seconds until the outbox must be empty: a relay that is refused waits longer each time
SENTINEL = 10.0  # seconds until a sentinel must have come through
POLL = 0.05  # seconds between looks at a publisher that is at work


class ReferenceBus:
    """Taps the buses of the stages that it is asked about. A process of its own publishes on the same buses."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target, self._recorder = target, recorder
        self._taps: dict[str, BusTap] = {}
        self._opened: dict[str, tuple[float, float]] = {}  # by the monotonic clock, and by the target's
        self._searched: dict[str, list[BusEvent]] = {}
        self._logs = LogTap()
        self._aws = boto3.Session("harness", "harness", region_name="eu-west-1")

    def open_window(self, stage: str) -> None:
        """Let everything come that is on its way, and forget it."""
        self._settle(stage)
        self._taps[stage].bodies.clear()
        self._logs.text.clear()
        self._opened[stage] = time.monotonic(), self._target.shifted.now()

    def capture(self, case: str, stage: str) -> BusCapture:
        """What was delivered since the window was opened, once the outbox is empty and a sentinel has come through."""
        events, settled = self._settle(stage)
        events = (*self._searched.pop(stage, ()), *events)
        return self._recorder.record(
            BusCapture(
                case=case,
                about={"stage": stage},
                stage=stage,
                events=events,
                settled=settled,
                seconds=round(time.monotonic() - self._opened[stage][0], 3),
                began_at=self._opened[stage][1],
                ended_at=self._target.shifted.now(),
            )
        )

    def scan(self, case: str, stage: str, personal: bool) -> SecretScan:
        """What was delivered stays, to be captured after it was searched."""
        events, _ = self._settle(stage)
        self._searched.setdefault(stage, []).extend(events)
        app = self._target.reference.stages[stage].app
        dead = [letter.message.detail for letter in app.outbox.dead_letters()]
        secrets = self._personal() if personal else self._secrets()
        places = {
            "events": "\n".join(self._taps[stage].bodies).encode(),
            "dead letters": "\n".join(dead).encode(),
            "logs": "\n".join(list(self._logs.text)).encode("utf-8", "surrogateescape"),
        }
        return self._recorder.record(
            observe_scan(case, places, SecretScanner(secrets, hashed=True), about={"stage": stage})
        )

    def close(self) -> None:
        """Take the taps away."""
        for tap in self._taps.values():
            tap.close()
        self._taps.clear()
        self._logs.close()

    def _secrets(self) -> list[Secret]:
        """All secrets of the run; a pseudonym is none to an event."""
        return [secret for secret in self._target.redactor.secrets() if secret.kind != "subject"]

    def _personal(self) -> list[Secret]:
        name = PERSONAL.encode()
        return [Secret(name, "user_name", f"{{{{user_name:{'0' * 16}:{len(name)}}}}}", whole=True)]

    def _settle(self, stage: str) -> tuple[tuple[BusEvent, ...], bool]:
        running = self._target.reference.stages[stage]
        if stage not in self._taps:
            self._taps[stage] = BusTap(self._aws, self._target.aws_endpoint, running.config.bus)
        drained = running.app.outbox.wait_until_drained(DRAIN)
        events, came = self._taps[stage].drain(SENTINEL)
        return events, drained and came


class ReferencePublisher:
    """The reference's publisher and outbox, as they are composed, on a database of their own."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target, self._recorder = target, recorder
        self._client = offline_client()

    def publish(self, case: str, answers: Sequence[Row], events: int) -> PublishTranscript:
        """Put the events into the outbox and have the relay publish until none is left, or there is no end to it."""
        bus, willing = ScriptedBus(answers, _id_of), ScriptedBus([[]], _id_of)
        with TemporaryDirectory(dir=self._target.folder) as folder, logged_errors() as alarms:
            database = Database(Path(folder) / "outbox.sqlite", outbox.SCHEMA)
            box = parts_of(self._target.faults).choose(Part.OUTBOX, Outbox(database, SystemClock()))
            submitted = _submit(database, box, events)
            with bus.answering(self._client):
                finished = _publish_all(box, self._publisher(), bus)
            with database.reading() as connection:
                sql = "SELECT event_id FROM outbox WHERE outcome = 'published' ORDER BY position"
                published = tuple(row["event_id"] for row in connection.execute(sql))
            dead = [letter.message for letter in box.dead_letters()]
            if finished and box.redeliver():
                with willing.answering(self._client):
                    _publish_all(box, self._publisher(), willing)
            database.close()
        return self._recorder.record(
            PublishTranscript(
                case=case,
                submitted=tuple(message.event_id for message in submitted),
                submitted_sha256=tuple(digest_of(message.detail) for message in submitted),
                calls=tuple(bus.calls),
                reported_published=published,
                dead_letters=tuple(message.event_id for message in dead),
                dead_letters_sha256=tuple(digest_of(message.detail) for message in dead),
                redelivered=tuple(id for id, _ in willing.taken),
                redelivered_sha256=tuple(digest for _, digest in willing.taken),
                alarms=tuple(alarms),
                finished=finished,
            )
        )

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def _publisher(self) -> Publisher:
        """The publisher with the target's faults in place; it does not sleep between its attempts."""
        real = Publisher(self._client, "scripted", "authassay.scripted", sleep=lambda _: None)
        return parts_of(self._target.faults).choose(Part.PUBLISHER, real)


# `Any`: the detail of an event, read from JSON.
def _id_of(detail: Any) -> str:
    return str(detail["properties"]["event_id"])


def _submit(database: Database, box: Outbox, count: int) -> tuple[Message, ...]:
    """The messages as the outbox holds them."""
    made = [_login(number) for number in range(count)]
    with database.transaction() as connection:
        for event in made:
            box.add(connection, event)
    return box.pending()


def _login(number: int) -> AuthEvent:
    return AuthEvent(
        EventType.LOGIN,
        str(uuid.uuid4()),
        time.time(),
        "dev",
        "https://auth.dev.localhost",
        "web",
        Reason.KNOWN_ACCOUNT,
        subject="s" * 24,
        session_ref=f"{number:024d}",
        correlation_id=str(uuid.uuid4()),
    )


def _publish_all(box: Outbox, publisher: Publisher, bus: ScriptedBus) -> bool:
    """Whether the relay came to an end with nothing pending, before the bus had enough of it."""
    relay, deadline = Relay(box, publisher), time.monotonic() + DRAIN
    relay.start()
    try:
        while not box.wait_until_drained(POLL):
            if bus.exhausted or time.monotonic() > deadline:
                return False
    finally:
        relay.stop()
    return True


@contextmanager
def logged_errors() -> Iterator[list[str]]:
    """The errors that the reference logs about its events: these are what an operator is woken by."""
    heard: list[str] = []
    ears = logging.Handler(logging.ERROR)
    ears.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger(outbox.__name__.rpartition(".")[0])
    logger.addHandler(ears)
    try:
        yield heard
    finally:
        logger.removeHandler(ears)
