"""The schema of the reference's events, and its producer and consumer put to the test."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.faults.launch import parts_of
from harness.machine.places import CHECKOUT
from harness.observations import Erasure, EventSchemas, EventTrial, SessionReferences
from harness.observe import Recorder
from harness.probes.authorization import Grant
from harness.targets.reference_host import ReferenceHost
from reference_impl.api.issuer_keys import IssuerKeys, fetch_in_process
from reference_impl.clock import SystemClock
from reference_impl.database import Database
from reference_impl.events import (
    OUTBOX_SCHEMA,
    SUBSCRIBER_SCHEMA,
    AuthEvent,
    Consumer,
    EventSigner,
    EventVerifier,
    InvalidEvent,
    Outbox,
    Subscriber,
)
from reference_impl.events.authenticity import PATH
from reference_impl.events.fields import VERSION, VERSIONS, fields_of
from reference_impl.events.occurrences import LoginCompleted, Session
from reference_impl.events.schema import Properties
from reference_impl.issuer.identity import PROVIDER, Identity
from reference_impl.parts import Part

__all__ = ["ReferenceEventContract", "subscriber_of"]


class ReferenceEventContract:
    """Asks the reference's own parts, as they are composed."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target, self._recorder = target, recorder
        self._pseudonyms: dict[str, str] = {}

    def schemas(self, case: str) -> EventSchemas:
        """As they are published in this checkout."""
        folder = CHECKOUT / "reports" / "schemas"
        schemas = {
            version: json.loads((folder / f"auth-event-{version}.schema.json").read_text(encoding="utf-8"))
            for version in VERSIONS
        }
        return self._recorder.record(EventSchemas(case=case, current=VERSION, schemas=schemas))

    def produce(self, case: str, changes: Mapping[str, Any]) -> EventTrial:
        """Through the outbox, where the reference refuses what its schema does not have."""
        with TemporaryDirectory(dir=self._target.folder) as folder:
            database = Database(Path(folder) / "outbox.sqlite", OUTBOX_SCHEMA)
            box = parts_of(self._target.faults).choose(Part.OUTBOX, Outbox(database, SystemClock()))
            try:
                with database.transaction() as connection:
                    box.add(connection, _changed(self._login("prod"), changes))
            except InvalidEvent:
                pass  # refused: nothing is pending
            taken = len(box.pending())
            database.close()
        return self._recorder.record(EventTrial(case=case, offered=1, taken=taken))

    def consume(self, case: str, version: str) -> EventTrial:
        """An event of prod, signed by its issuer, in this version."""
        running = self._target.reference.stages["prod"]
        chosen = {"current": VERSION, "previous": VERSIONS[VERSIONS.index(VERSION) - 1]}.get(version, version)
        whole = {**self._login("prod").properties(1, self._target.shifted.now()), "version": chosen}
        known = fields_of(chosen) if chosen in VERSIONS else whole
        properties = {name: value for name, value in whole.items() if name in known}
        metadata = EventSigner(running.app.issuer.keys.sign_as)(properties)
        envelope = {
            "id": str(uuid.uuid4()),
            "source": f"{running.config.app}.prod",
            "detail-type": whole["type"],
            "detail": {"metadata": metadata, "properties": properties},
        }
        with TemporaryDirectory(dir=self._target.folder) as folder:
            database = Database(Path(folder) / "received.sqlite", SUBSCRIBER_SCHEMA)
            taken = subscriber_of(self._target, "prod", database).receive(envelope)
            database.close()
        return self._recorder.record(EventTrial(case=case, offered=1, taken=int(taken)))

    def references(self, case: str) -> SessionReferences:
        """One session of one identifier, told of by the builder of each stage."""
        session = str(uuid.uuid4())
        builders = {name: running.app.issuer.events.builder for name, running in self._target.reference.stages.items()}
        references = {name: builder.session_ref(session) for name, builder in builders.items()}
        return self._recorder.record(SessionReferences(case=case, references=references))

    def erase(self, case: str, stage: str, user: str, again: Grant | None) -> Erasure:
        """The account's name is what the stage can tell of a pseudonym."""
        app = self._target.reference.stages[stage].app
        identity, now = Identity(PROVIDER, f"upstream|{user}", user), self._target.shifted.now()
        account = app.store.change(lambda state: app.issuer.accounts.resolve(state, identity, now))
        before = self._pseudonyms.setdefault(stage, account.subject)
        resolved = self._name_of(stage, before)
        if again is None:
            app.erase_account(before)
        return self._recorder.record(
            Erasure(
                case=case,
                stage=stage,
                resolved_before=True if again else resolved,
                resolved_after=resolved if again else self._name_of(stage, before),
                given_again=again is not None and account.subject == before,
            )
        )

    def close(self) -> None:
        """Nothing is open."""

    def _name_of(self, stage: str, subject: str) -> bool:
        app = self._target.reference.stages[stage].app
        return app.store.read(lambda state: app.issuer.accounts.name_of(state, subject)) is not None

    def _login(self, stage: str) -> AuthEvent:
        session = Session(str(uuid.uuid4()), "s" * 24, "web", str(uuid.uuid4()))
        event = self._target.reference.stages[stage].app.issuer.events.builder.build(LoginCompleted(session, False))
        assert event is not None
        return event


def subscriber_of(target: ReferenceHost, stage: str, database: Database) -> Subscriber:
    """The reference's subscriber of a stage, with the target's faults in place."""
    running = target.reference.stages[stage]
    config, app = running.config, running.app.issuer.app
    verify = EventVerifier(IssuerKeys(lambda: fetch_in_process(app, config.issuer, PATH), target.shifted))
    consumer = Consumer(stage, f"{config.app}.{stage}", config.issuer, verify)
    return parts_of(target.faults, stage).choose(Part.EVENT_CONSUMER, Subscriber(database, consumer))


def _changed(event: AuthEvent, changes: Mapping[str, Any]) -> AuthEvent:
    """The event, that tells other properties than it has."""

    class Changed(AuthEvent):
        def properties(self, seq: int | None, recorded_at: float) -> Properties:
            whole = {**event.properties(seq, recorded_at), **changes}
            return {name: value for name, value in whole.items() if value is not None}

    changed = Changed(**vars(event))
    if "type" in changes:
        object.__setattr__(changed, "type", changes["type"])
    return changed
