"""The outbox as a state machine: whatever crashes and whatever the bus does, each session is told once and in order."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reference_impl.clock import SystemClock
from reference_impl.database import Database
from reference_impl.events import OUTBOX_SCHEMA, AuthEvent, EventType, Outbox, Publisher, Reason, Relay

SESSIONS = st.integers(0, 2)


class Crash(Exception):
    """The process ends here."""


class Bus:
    """Takes entries as it is told: all, some, all without an answer, none."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.mood = "well"

    def put_events(self, *, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803  # AWS's name
        if self.mood == "away":
            raise OSError(self.mood)
        fails = 1 if self.mood == "partly" else 0
        self.taken += [json.loads(entry["Detail"])["properties"] for entry in Entries[fails:]]
        if self.mood in ("silent", "crash"):
            raise Crash if self.mood == "crash" else OSError(self.mood)
        refused: list[dict[str, str]] = [{"ErrorCode": "ThrottlingException"}] * min(fails, len(Entries))
        return {"FailedEntryCount": len(refused), "Entries": [*refused, *({"EventId": "x"} for _ in Entries[fails:])]}


class Crashes(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.bus = Bus()
        self.committed: dict[str, list[str]] = {}
        self.ended: set[int] = set()
        self.start()

    def start(self) -> None:
        self.database = Database(Path(self.folder.name) / "events.sqlite", OUTBOX_SCHEMA)
        self.box = Outbox(self.database, SystemClock())
        publisher = Publisher(self.bus, "bus", "app.dev", attempts=2, sleep=lambda _: True)
        self.relay = Relay(self.box, publisher)

    def event(self, session: int) -> AuthEvent:
        ref = f"{session:024d}"
        type_, reason = (
            (EventType.LOGIN, Reason.KNOWN_ACCOUNT)
            if ref not in self.committed
            else (EventType.REFRESH_FAILED, Reason.CLIENT_MISMATCH)
        )
        of_session: dict[str, Any] = {"subject": "s" * 24, "session_ref": ref, "correlation_id": f"flow-{session:04d}"}
        return AuthEvent(type_, str(uuid.uuid4()), 0.0, "dev", "https://id", "web", reason, **of_session)

    @rule(session=SESSIONS)
    def tell(self, session: int) -> None:
        event = self.event(session)
        with self.database.transaction() as connection:
            assert self.box.add(connection, event)
        self.committed.setdefault(str(event.session_ref), []).append(event.event_id)

    @rule(session=SESSIONS)
    def crash_before_the_commit(self, session: int) -> None:
        try:
            with self.database.transaction() as connection:
                self.box.add(connection, self.event(session))
                raise Crash
        except Crash:
            self.restart()

    @rule(mood=st.sampled_from(["well", "partly", "silent", "away", "crash"]))
    def publish(self, mood: str) -> None:
        self.bus.mood = mood
        try:
            self.relay.publish_pending()
        except Crash:
            self.restart()

    @rule()
    def restart(self) -> None:
        self.database.close()
        self.start()

    @invariant()
    def only_what_was_committed_is_told_and_in_order(self) -> None:
        known = {id for ids in self.committed.values() for id in ids}
        assert {one["event_id"] for one in self.bus.taken} <= known
        for ref, ids in self.committed.items():
            told = list(dict.fromkeys(one["event_id"] for one in self.bus.taken if one["session_ref"] == ref))
            assert told == ids[: len(told)], "a later event overtook an earlier one"

    def teardown(self) -> None:
        self.bus.mood = "well"
        self.relay.publish_all()
        for ref, ids in self.committed.items():
            of_session = {one["seq"]: one["event_id"] for one in self.bus.taken if one["session_ref"] == ref}
            assert [of_session[seq] for seq in sorted(of_session)] == ids
            assert sorted(of_session) == list(range(1, len(ids) + 1))
        self.database.close()
        self.folder.cleanup()


TestCrashes = Crashes.TestCase
TestCrashes.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
