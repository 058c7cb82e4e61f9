"""What an operator may do to one stage, with what its configuration names. The servers go on meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from reference_impl.clock import Clock
from reference_impl.config import StageConfig, load_config
from reference_impl.parts import Part, Parts

if TYPE_CHECKING:
    from reference_impl.events.outbox import Outbox
    from reference_impl.rotation import Plan
    from reference_impl.stage import StageApp

# What an operation needs is imported when it begins: a web server's libraries take longer than most operations.


class NotDone(Exception):
    """The operation did not reach what it was for; the text says what to do."""


@dataclass(frozen=True)
class Ended:
    """How many sessions of how many accounts were ended."""

    sessions: int
    accounts: int


@dataclass(frozen=True)
class Entitled:
    """Whether accounts are internal now, and how many they are."""

    internal: bool
    accounts: int


@dataclass(frozen=True)
class Store:
    """Where this user's secrets would be kept: ``mode`` is as the session store tells it."""

    mode: str
    back_end: str


@dataclass(frozen=True)
class Lost:
    """Events that the bus did not take, by id, and the bus's codes."""

    events: dict[str, str]


@dataclass(frozen=True)
class Redelivered:
    """Ids of events that were not taken before and were taken now."""

    events: tuple[str, ...]


@dataclass(frozen=True)
class Operations:
    """``configure`` reads the stage's configuration when it is needed first: not every operation needs one."""

    environ: Mapping[str, str]
    parts: Parts
    clock: Clock
    configure: Callable[[Mapping[str, str]], StageConfig] = load_config

    def revoke_sessions(self, user: str | None) -> Ended:
        """End the sessions of a user, or (None) of everybody in the stage; each with its event.

        From then on refresh tokens, access tokens, cookies and open connections of these sessions are refused.
        Raises LookupError where there is no such user.
        """
        with self._stage() as stage:
            live = self.live_sessions(stage, user)
            for session_id in live:
                stage.end_session(session_id)
        return Ended(len(live), len(set(live.values())))

    def live_sessions(self, stage: StageApp, user: str | None) -> dict[str, str]:
        """Return the subjects of sessions that go on, by session. Raises LookupError where nobody is called so."""
        meant = self.subjects(stage, user) if user is not None else frozenset()
        with stage.database.reading() as connection:
            rows = connection.execute("SELECT session_id, subject FROM grants WHERE ended_at IS NULL").fetchall()
        return {row["session_id"]: row["subject"] for row in rows if user is None or row["subject"] in meant}

    def subjects(self, stage: StageApp, user: str) -> frozenset[str]:
        """Return the accounts of this subject or name. Raises LookupError where nobody is called so."""
        with stage.database.reading() as connection:
            sql = "SELECT subject FROM accounts WHERE ? IN (subject, name)"
            meant = frozenset(row["subject"] for row in connection.execute(sql, (user,)))
        if not meant:
            raise LookupError(f"nobody of {stage.config.stage} is called so: give the name or subject exactly")
        return meant

    def set_internal(self, user: str, internal: bool) -> Entitled:
        """Let a user see the internal tools of builds that have them, or withdraw that. Raises LookupError."""
        with self._stage() as stage:
            meant = self.subjects(stage, user)
            for subject in meant:
                stage.set_internal(subject, internal)
        return Entitled(internal, len(meant))

    def check_store(self) -> Store:
        """Open the store of whoever runs this, with its self-test. Raises NotDone with the fix unless it is secure."""
        from reference_impl.session_store import open_session_store

        store = open_session_store("operate", environ=self.environ, parts=self.parts)
        try:
            status = store.status()
        finally:
            store.close()
        if status.warning is not None:
            raise NotDone(f"secrets would be kept in {status.back_end} ({status.mode}). {status.warning.fix}")
        return Store(status.mode, status.back_end)

    def list_events(self) -> Lost:
        """Tell which events the bus did not take."""
        with self._outbox() as box:
            return Lost({letter.message.event_id: letter.code for letter in box.dead_letters()})

    def redeliver_events(self, within: float) -> Redelivered:
        """Put them back among the pending; the stage's server sends them, with their ids, in its order.

        Raises NotDone where it has not done so ``within`` seconds: it does not run, or the bus refuses them again.
        """
        with self._outbox() as box:
            meant = tuple(letter.message.event_id for letter in box.dead_letters())
            box.redeliver()
            waiting = () if wait_until_settled(box, meant, within) else tuple(m.event_id for m in box.pending())
            dead = {letter.message.event_id for letter in box.dead_letters()}
        left = [event for event in meant if event in dead or event in waiting]
        if left:
            raise NotDone(f"{len(left)} of {len(meant)} events are still here: is the server up, and the bus in order?")
        return Redelivered(meant)

    def rotation(self, action: str, secret: str) -> Plan:
        """Rotate a secret, take that back, or withdraw it. Raises LookupError for what cannot be rotated."""
        from reference_impl.rotation import Rotation, RotationPolicy

        config = self._config
        policy = self.parts.choose(Part.ROTATION_POLICY, RotationPolicy.of(config.lifetimes))
        ssm = config.aws.clients().ssm()
        try:
            rotation = Rotation(ssm, config.app, config.stage, policy, self.clock)
            return {"rotate": rotation.rotate, "roll-back": rotation.roll_back, "withdraw": rotation.withdraw}[action](
                secret
            )
        finally:
            ssm.close()

    @cached_property
    def _config(self) -> StageConfig:
        return self.configure(self.environ)

    def _require_file(self) -> None:
        """Raise NotDone where the state is not in the stage's file: what is not there cannot be told as done."""
        if self._config.state_table:
            raise NotDone(f"the state is in the table {self._config.state_table}: only an SQLite file is operated")

    @contextmanager
    def _outbox(self) -> Iterator[Outbox]:
        """The stage's outbox, which its server empties."""
        from reference_impl.database import Database
        from reference_impl.events import outbox

        self._require_file()
        database = Database(self._config.database, outbox.SCHEMA)
        try:
            yield self.parts.choose(Part.OUTBOX, outbox.Outbox(database, self.clock))
        finally:
            database.close()

    @contextmanager
    def _stage(self) -> Iterator[StageApp]:
        """The stage, built beside its server and not started: its relay publishes, this one does not."""
        from reference_impl.stage import build_stage

        self._require_file()
        stage = build_stage(self._config, self.parts, self.clock)
        try:
            yield stage
        finally:
            stage.stop()


def wait_until_settled(box: Outbox, events: tuple[str, ...], within: float) -> bool:
    """Wait until none of these is pending; another process sends them."""
    deadline = time.monotonic() + within
    while any(message.event_id in events for message in box.pending()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def open_operations(environ: Mapping[str, str], parts: Parts, clock: Clock) -> Operations:
    """Return the operations of the stage that the environment names."""
    return Operations(environ, parts, clock, parts.choose(Part.CONFIGURATION_SOURCE, load_config))
