"""Faults of an API that clients sync with: whom it lets in, and how often a mutation has its effect."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from typing import cast

from flask import request
from werkzeug.exceptions import BadRequest

from harness.faults.registry import fault
from reference_impl.api.challenge import Unauthorized
from reference_impl.api.guard import ApiGuard, Principal
from reference_impl.api.notes import LONGEST_NOTE
from reference_impl.api.sync.clients import Clients, NotYours
from reference_impl.api.sync.messages import LONGEST_ID, Mutation
from reference_impl.api.sync.mutators import Call
from reference_impl.api.sync.pusher import OutOfOrder, Pusher
from reference_impl.api.workspaces import Space, Workspaces
from reference_impl.issuer.sqlite_state import SqliteStore
from reference_impl.parts import Part
from reference_impl.rfc9449 import PresentedProof
from reference_impl.stage import GrantsInStore


@fault("F-SYNC-01-a", "SYNC-01.E1", Part.API_GUARD)
def an_invalid_token_is_a_bad_request(real: ApiGuard) -> ApiGuard:
    class Coarse(ApiGuard):
        def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
            try:
                return super().admit(authorization, proof)
            except Unauthorized as refusal:
                if refusal.error is None:
                    raise
                raise BadRequest from refusal

    return Coarse(**vars(real))


@fault("F-SYNC-01-b", "SYNC-01.E1", Part.API_GUARD)
def an_expired_token_is_nobodys_and_is_let_in_as_such(real: ApiGuard) -> ApiGuard:
    class Anonymous(ApiGuard):
        def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
            try:
                return super().admit(authorization, proof)
            except Unauthorized as refusal:
                if refusal.description != "it has expired":
                    raise
                return Principal("nobody", "nobody", "nobody")

    return Anonymous(**vars(real))


@fault("F-SYNC-01-x1", "SYNC-01.E2", Part.API_GUARD)
def whoever_is_refused_is_noted_in_the_database(real: ApiGuard) -> ApiGuard:
    class Diligent(ApiGuard):
        def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
            try:
                return super().admit(authorization, proof)
            except Unauthorized:
                store = cast("SqliteStore", cast("GrantsInStore", self.grants).store)
                with store.database.transaction() as connection:
                    note = (f"refused {time.monotonic_ns()}", "operator", request.path, 0.0)
                    connection.execute("INSERT INTO notes VALUES (?, ?, ?, ?)", note)
                raise

    return Diligent(**vars(real))


@fault("F-SYNC-01-x2", "SYNC-01.E3", Part.API_GUARD)
def a_push_needs_the_scheme_in_small_letters(real: ApiGuard) -> ApiGuard:
    class Literal(ApiGuard):
        def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
            if request.path == "/sync/push" and not (authorization or "").startswith("bearer "):
                raise Unauthorized("its scheme is not known", "invalid_token")
            return super().admit(authorization, proof)

    return Literal(**vars(real))


@fault("F-SYNC-01-x3", "SYNC-01.E1", Part.API_GUARD)
def a_dead_session_is_forbidden_and_not_unauthorized(real: ApiGuard) -> ApiGuard:
    """403 looks right to whoever thinks of permissions, and no client asks for another token."""

    class Forbidding(ApiGuard):
        def check_grant(self, principal: Principal) -> None:
            try:
                super().check_grant(principal)
            except Unauthorized as refusal:
                raise NotYours from refusal

    return Forbidding(**vars(real))


@fault("F-SYNC-05-b", "SYNC-05.E1", Part.PUSHER)
def a_mutation_is_acknowledged_in_a_second_transaction(real: Pusher) -> Pusher:
    class Twofold(Pusher):
        def _apply(self, mutation: Mutation, client_group_id: str, owner: str) -> bool:
            with self.database.transaction() as connection:
                last = self.clients.last_mutation_id(connection, mutation.client_id, client_group_id)
                if mutation.identifier <= last:
                    return False
                if mutation.identifier > last + 1:
                    raise OutOfOrder
                self._mutate(connection, mutation, owner)
                version = self.clients.advance(connection, owner)
            with self.database.transaction() as connection:
                number = mutation.identifier
                self.clients.acknowledge(connection, mutation.client_id, client_group_id, number, version)
            return True

    return Twofold(**vars(real))


@fault("F-SYNC-05-c", "SYNC-05.E1", Part.PUSHER)
def nobody_is_kept_out_between_the_look_and_the_effect(real: Pusher) -> Pusher:
    class Racing(Pusher):
        def _apply(self, mutation: Mutation, client_group_id: str, owner: str) -> bool:
            with self.database.reading() as connection:
                last = self.clients.last_mutation_id(connection, mutation.client_id, client_group_id)
            if mutation.identifier <= last:
                return False
            if mutation.identifier > last + 1:
                raise OutOfOrder
            time.sleep(0.02)  # as long as a database of its own may be away
            with self.database.transaction() as connection:
                self._mutate(connection, mutation, owner)
                version = self.clients.advance(connection, owner)
                number = mutation.identifier
                self.clients.acknowledge(connection, mutation.client_id, client_group_id, number, version)
            return True

    return Racing(**vars(real))


@fault("F-SYNC-05-x1", "SYNC-05.E2", Part.PUSHER)
def what_is_pushed_again_is_a_conflict(real: Pusher) -> Pusher:
    class Touchy(Pusher):
        def _apply(self, mutation: Mutation, client_group_id: str, owner: str) -> bool:
            if not super()._apply(mutation, client_group_id, owner):
                raise OutOfOrder
            return True

    return Touchy(**vars(real))


@fault("F-SYNC-05-x2", "SYNC-05.E3", Part.SYNC_CLIENTS)
def the_newest_mutation_counts_whatever_is_missing_before_it(real: Clients) -> Clients:
    class Lenient(Clients):
        def last_mutation_id(self, connection: sqlite3.Connection, client_id: str, client_group_id: str) -> int:
            last = super().last_mutation_id(connection, client_id, client_group_id)
            pushed = (request.get_json(silent=True) or {}).get("mutations", [])
            new = [one["id"] for one in pushed if one["clientID"] == client_id and one["id"] > last]
            return min(new) - 1 if new else last

    return Lenient()


@fault("F-SYNC-05-x3", "SYNC-05.E1", Part.SYNC_CLIENTS)
def an_acknowledgement_goes_back_when_an_old_push_comes_late(real: Clients) -> Clients:
    """Two tabs: one pushes, the other's acknowledgement is of the group and not of the client."""

    class OfTheGroup(Clients):
        def last_mutation_id(self, connection: sqlite3.Connection, client_id: str, client_group_id: str) -> int:
            super().last_mutation_id(connection, client_id, client_group_id)
            sql = "SELECT last_mutation_id FROM sync_clients WHERE client_group_id = ? ORDER BY version DESC LIMIT 1"
            row = connection.execute(sql, (client_group_id,)).fetchone()
            return int(row["last_mutation_id"]) if row else 0

    return OfTheGroup()


@fault("F-SYNC-09-a", "SYNC-09.E1", Part.SYNC_CLIENTS)
def a_pull_looks_whose_group_it_is_and_a_push_does_not(real: Clients) -> Clients:
    class Open(Clients):
        def claim_group(self, connection: sqlite3.Connection, client_group_id: str, space: Space) -> None:
            bound = (client_group_id, space.subject, space.owner)
            connection.execute("INSERT OR IGNORE INTO sync_groups VALUES (?, ?, ?)", bound)

    return Open()


@fault("F-SYNC-09-x1", "SYNC-09.E2", Part.WORKSPACES)
def whoever_knows_the_name_of_a_workspace_may_enter(real: Workspaces) -> Workspaces:
    class Inviting(Workspaces):
        def enter(self, subject: str, named: str | None) -> Space:
            return Space(subject, named)

    return Inviting(**vars(real))


@fault("F-SYNC-09-x2", "SYNC-09.E1", Part.WORKSPACES)
def a_membership_that_has_ended_still_counts(real: Workspaces) -> Workspaces:
    class Faithful(Workspaces):
        def is_member(self, connection: sqlite3.Connection, workspace: str, subject: str) -> bool:
            sql = "SELECT 1 FROM workspace_members WHERE workspace_id = ? AND subject = ?"
            return connection.execute(sql, (workspace, subject)).fetchone() is not None

    return Faithful(**vars(real))


@fault("F-SYNC-09-x3", "SYNC-09.E3", Part.WORKSPACES)
def a_workspace_of_others_is_forbidden_and_one_of_nobody_is_not_found(real: Workspaces) -> Workspaces:
    class Telling(Workspaces):
        def enter(self, subject: str, named: str | None) -> Space:
            sql = "SELECT 1 FROM workspace_members WHERE workspace_id = ?"
            with self.database.reading() as connection:
                there = connection.execute(sql, (named,)).fetchone() is not None
                if there and not self.is_member(connection, str(named), subject):
                    raise NotYours
            return super().enter(subject, named)

    return Telling(**vars(real))


@fault("F-SYNC-09-x5", "SYNC-09.E1", Part.PUSHER)
def whoever_knows_the_id_of_a_note_may_add_to_it(real: Pusher) -> Pusher:
    def append(call: Call) -> None:
        sql = "UPDATE notes SET text = text || ? WHERE note_id = ?"
        call.connection.execute(sql, (call.text("text", LONGEST_NOTE), call.text("id", LONGEST_ID)))

    return replace(real, mutators={**real.mutators, "appendToNote": append})


@fault("F-SYNC-09-x4", "SYNC-09.E1", Part.SYNC_CLIENTS)
def a_client_may_be_of_any_group(real: Clients) -> Clients:
    class Wandering(Clients):
        def last_mutation_id(self, connection: sqlite3.Connection, client_id: str, client_group_id: str) -> int:
            sql = "SELECT last_mutation_id FROM sync_clients WHERE client_id = ?"
            row = connection.execute(sql, (client_id,)).fetchone()
            return int(row["last_mutation_id"]) if row else 0

    return Wandering()
