"""Faults of the recovery procedures."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from harness.faults.registry import fault
from reference_impl.operate.log import Entry, OperationsLog
from reference_impl.operate.operations import Ended, Operations, Redelivered
from reference_impl.parts import Part
from reference_impl.session_store import StoreChain
from reference_impl.session_store.store import SessionStore
from reference_impl.stage import StageApp


@dataclass(frozen=True)
class Gone(Operations):
    def revoke_sessions(self, user: str | None) -> Ended:
        raise LookupError("no command revoke-sessions; there are end-sessions, check-store, list-events")


@fault("F-OPS-03-b", "OPS-03.E1", Part.OPERATIONS)
def the_command_of_the_runbook_is_called_otherwise_now(real: Operations) -> Operations:
    return Gone(real.environ, real.parts, real.clock, real.configure)


@dataclass(frozen=True)
class Sweeping(Operations):
    def revoke_sessions(self, user: str | None) -> Ended:
        ended = super().revoke_sessions(user)
        for file in self._config.database.parent.glob("*.sqlite") if user is None else ():
            with closing(sqlite3.connect(file, timeout=10)) as other, other:
                other.execute("UPDATE grants SET ended_at = 1, end_reason = 'revoked' WHERE ended_at IS NULL")
        return ended


@fault("F-OPS-03-c", "OPS-03.E1", Part.OPERATIONS)
def the_procedure_for_one_stage_clears_the_others_too(real: Operations) -> Operations:
    return Sweeping(real.environ, real.parts, real.clock, real.configure)


@dataclass(frozen=True)
class OneClient(Operations):
    def live_sessions(self, stage: StageApp, user: str | None) -> dict[str, str]:
        with stage.database.reading() as connection:
            rows = connection.execute("SELECT session_id FROM grants WHERE client_id = 'desktop'").fetchall()
        forgotten = {row["session_id"] for row in rows}
        live = super().live_sessions(stage, user)
        return {session: subject for session, subject in live.items() if session not in forgotten}


@fault("F-OPS-03-x1", "OPS-03.E1", Part.OPERATIONS)
def the_sessions_of_the_desktop_are_forgotten(real: Operations) -> Operations:
    return OneClient(real.environ, real.parts, real.clock, real.configure)


@dataclass(frozen=True)
class ByBeginning(Operations):
    def live_sessions(self, stage: StageApp, user: str | None) -> dict[str, str]:
        if user is None:
            return super().live_sessions(stage, user)
        with stage.database.reading() as connection:
            rows = connection.execute("SELECT name FROM accounts WHERE name LIKE ?", (f"{user}%",)).fetchall()
        found = [super(ByBeginning, self).live_sessions(stage, row["name"]) for row in rows]
        return {session: subject for live in found for session, subject in live.items()}


@fault("F-OPS-03-x5", "OPS-03.E1", Part.OPERATIONS)
def whoever_is_called_nearly_so_is_signed_out_too(real: Operations) -> Operations:
    return ByBeginning(real.environ, real.parts, real.clock, real.configure)


@dataclass(frozen=True)
class Resigned:
    """A chain that does not look again once storage has failed on this machine."""

    real: StoreChain

    def open(self) -> SessionStore:
        settled = self.real._fall_back([], [])
        return SessionStore(self.real.app, settled.back_end, settled.status, self.real.item_names)


@fault("F-OPS-03-x2", "OPS-03.E2", Part.SESSION_STORE)
def a_store_that_failed_once_is_given_up(real: StoreChain) -> Resigned:
    return Resigned(real)


@dataclass(frozen=True)
class Renaming(Operations):
    def redeliver_events(self, within: float) -> Redelivered:
        with self._stage() as stage, stage.database.transaction() as connection:
            for row in connection.execute("SELECT event_id, detail FROM dead_letters").fetchall():
                new = str(uuid.uuid4())
                detail = row["detail"].replace(row["event_id"], new)
                for table in ("outbox", "dead_letters"):
                    sql = f"UPDATE {table} SET event_id = ?, detail = ? WHERE event_id = ?"
                    connection.execute(sql, (new, detail, row["event_id"]))
        return super().redeliver_events(within)


@fault("F-OPS-03-x3", "OPS-03.E3", Part.OPERATIONS)
def events_are_sent_again_under_new_ids(real: Operations) -> Operations:
    return Renaming(real.environ, real.parts, real.clock, real.configure)


@dataclass(frozen=True)
class Nameless(OperationsLog):
    def begin(self, operator: str, action: str, values: Mapping[str, object]) -> Entry:
        return super().begin("", action, values)


@fault("F-OPS-03-x4", "OPS-03.E4", Part.OPERATIONS_LOG)
def the_log_does_not_tell_who_it_was(real: Any) -> Any:
    return lambda environ, clock: Nameless(**vars(real(environ, clock)))
