"""The reference's events on their way: outbox, publisher and subscriber, as they are composed, to a played bus."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.faults.launch import parts_of
from harness.observations import BufferFill, CallSizes, EventFlow, FlowEvent
from harness.observe import Recorder
from harness.probes.played_bus import PlayedBus
from harness.probes.scripted_bus import offline_client
from harness.targets.reference_bus import logged_errors
from harness.targets.reference_event_contract import subscriber_of
from harness.targets.reference_host import ReferenceHost
from reference_impl.database import Database
from reference_impl.events import OUTBOX_SCHEMA, SUBSCRIBER_SCHEMA, AuthEvent, EventSigner, Outbox, Publisher, Relay
from reference_impl.events.fields import LONGEST, Reason
from reference_impl.events.occurrences import LoginCompleted, Occurrence, RefreshFailed, Session, SessionEnded
from reference_impl.events.outbox import LIMIT
from reference_impl.parts import Part

__all__ = ["ReferenceEventPath"]

BEGINNING = 16  # characters of a text that was cut by which one knows it again

STAGE = "prod"
MOST_CALLS = 500  # a publisher that needs more has no end
WIDE = "ä€😀"  # two, three and four bytes


class ReferenceEventPath:
    """Each call with an outbox of its own."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target, self._recorder = target, recorder
        self._client = offline_client()

    def tell_sessions(self, case: str, sessions: int) -> EventFlow:
        """Login, failed refresh and logout of each session, then all of it to the bus and to the subscriber."""
        bus = PlayedBus(loses_answers=case == "answers time out")
        with self._outbox() as (database, box):
            made = [Session(str(uuid.uuid4()), "s" * 24, "web", str(uuid.uuid4())) for _ in range(sessions)]
            for tell in _TELL:
                self._add(database, box, [self._event(tell(session)) for session in made])
            submitted = [_flow(message.event_id, message.type, message.detail) for message in box.pending()]
            self._publish(box, bus)
            envelopes = [_envelope(entry) for entry in _as_delivered(case, bus.taken)]
            subscriber = subscriber_of(self._target, STAGE, database)
            for envelope in envelopes:
                subscriber.receive(envelope)
            stored = tuple(str(one["event_id"]) for one in subscriber.received())
        return self._recorder.record(
            EventFlow(
                case=case,
                sessions=sessions,
                submitted=tuple(submitted),
                delivered=tuple(_flow("", e["detail-type"], json.dumps(e["detail"])) for e in envelopes),
                stored=stored,
            )
        )

    def tell_long_texts(self, case: str, lengths: Sequence[int]) -> CallSizes:
        """The one text of an event that does not come from a list of ours is the client's identifier."""
        bus = PlayedBus()
        with self._outbox() as (database, box):
            made = [self._event(_login()) for _ in lengths]
            texts = [(WIDE * length)[:length] for length in lengths]
            self._add(database, box, [replace(e, client_id=text) for e, text in zip(made, texts, strict=True)])
            self._publish(box, bus)
        arrived = tuple(json.loads(entry["Detail"])["properties"] for entry in bus.taken)
        told = {event.event_id: text for event, text in zip(made, texts, strict=True)}
        return self._recorder.record(
            CallSizes(
                case=case,
                submitted=len(lengths),
                oversize=sum(len(text.encode()) > LONGEST for text in texts),
                calls=tuple(bus.calls),
                refused=bus.refused,
                arrived=arrived,
                broken=bus.broken,
                unlike=sum(not _begins_as(one["client_id"], told.get(one["event_id"], "")) for one in arrived),
            )
        )

    def overflow(self, case: str, limit: int, events: int) -> BufferFill:
        """An outbox with a smaller limit than the documented one, which would take long to fill."""
        bus = PlayedBus()
        with self._outbox(limit) as (database, box), logged_errors() as alarms:
            made = [self._event(_login()) for _ in range(events)]
            for event in made:
                self._add(database, box, [event])
            counted = sum(box.overflow().values())
            self._publish(box, bus)
        kept = tuple(json.loads(entry["Detail"])["properties"]["event_id"] for entry in bus.taken)
        return self._recorder.record(
            BufferFill(
                case=case,
                limit=limit,
                policy=f"the oldest are kept; {LIMIT} by default",
                submitted=tuple(event.event_id for event in made),
                kept=kept,
                counted=counted,
                alarms=tuple(alarms),
            )
        )

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    @contextmanager
    def _outbox(self, limit: int = LIMIT) -> Iterator[tuple[Database, Outbox]]:
        running = self._target.reference.stages[STAGE].app
        with TemporaryDirectory(dir=self._target.folder) as folder:
            database = Database(Path(folder) / "events.sqlite", OUTBOX_SCHEMA, SUBSCRIBER_SCHEMA)
            signer = EventSigner(running.issuer.keys.sign_as)
            real = Outbox(database, self._target.shifted, signer, limit)
            yield database, parts_of(self._target.faults, STAGE).choose(Part.OUTBOX, real)
            database.close()

    def _event(self, occurrence: Occurrence) -> AuthEvent:
        event = self._target.reference.stages[STAGE].app.issuer.events.builder.build(occurrence)
        assert event is not None
        return event

    def _add(self, database: Database, box: Outbox, events: Sequence[AuthEvent]) -> None:
        with database.transaction() as connection:
            for event in events:
                box.add(connection, event)

    def _publish(self, box: Outbox, bus: PlayedBus) -> None:
        """Until nothing is pending, or there is no end to it."""
        app = self._target.reference.stages[STAGE].config.app
        real = Publisher(self._client, "played", f"{app}.{STAGE}", sleep=lambda _: None)
        relay = Relay(box, parts_of(self._target.faults, STAGE).choose(Part.PUBLISHER, real))
        with bus.answering(self._client):
            while box.pending(1) and len(bus.calls) < MOST_CALLS:
                relay.publish_pending()


def _login() -> Occurrence:
    return LoginCompleted(Session(str(uuid.uuid4()), "s" * 24, "web", str(uuid.uuid4())), new_account=False)


_TELL: tuple[Callable[[Session], Occurrence], ...] = (
    lambda session: LoginCompleted(session, new_account=False),
    lambda session: RefreshFailed("desktop", Reason.CLIENT_MISMATCH, session, 0),
    lambda session: SessionEnded(session, Reason.USER),
)


def _as_delivered(case: str, taken: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    if case == "delivered twice":
        return [entry for entry in taken for _ in range(2)]
    if case == "reordered":
        mixed = list(taken)
        random.Random(8).shuffle(mixed)  # an order, not a secret
        return mixed
    return list(taken)


# `Any`: an event as it is delivered, read from JSON.
def _envelope(entry: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "detail": json.loads(entry["Detail"]),
    }


def _flow(id: str, type: str, detail: str) -> FlowEvent:
    told = json.loads(detail)["properties"]
    same = json.dumps(told, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")
    return FlowEvent(
        id or str(told.get("event_id")),
        str(told.get("session_ref", "")),
        told["seq"] if isinstance(told.get("seq"), int) else 0,
        type,
        hashlib.sha256(same).hexdigest(),
    )


def _begins_as(text: str, told: str) -> bool:
    """Whether so much stands there of what was told that one knows it again."""
    return bool(told) and text[:BEGINNING] == told[:BEGINNING]
