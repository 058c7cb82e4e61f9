"""Push: each mutation once, in the client's order, in one transaction with its acknowledgement."""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import dataclass, field

from reference_impl.api.sync.clients import Clients
from reference_impl.api.sync.messages import Mutation, PushRequest
from reference_impl.api.sync.mutators import MUTATORS, Call, Mutators, Rejected
from reference_impl.api.workspaces import Space
from reference_impl.clock import Clock
from reference_impl.database import Database

_log = logging.getLogger(__name__)


class OutOfOrder(Exception):
    """Mutations before this one never came. What came before it in the push stays applied; the client sends again."""


class ClientStateNotFound(Exception):
    """A client that this server does not know claims to have sent mutations: its state here is lost."""


@dataclass(frozen=True)
class Pusher:
    """Applies pushes. Whatever happens between two mutations, those before are applied and acknowledged, or neither."""

    database: Database
    clock: Clock
    clients: Clients
    mutators: Mutators = field(default_factory=lambda: MUTATORS)

    def push(self, request: PushRequest, space: Space) -> int:
        """Apply what is new of a push; return how many mutations were. Raises NotYours, OutOfOrder,
        ClientStateNotFound, and sqlite3.Error where the database fails."""
        with self.database.transaction() as connection:
            meets = self.clients.claim_group if request.mutations else self.clients.require_group
            meets(connection, request.client_group_id, space)  # a push of nothing leaves nothing
            for client_id in {mutation.client_id for mutation in request.mutations}:
                self.clients.last_mutation_id(connection, client_id, request.client_group_id)  # all are the group's
        return sum(self._apply(mutation, request.client_group_id, space.owner) for mutation in request.mutations)

    def _apply(self, mutation: Mutation, client_group_id: str, owner: str) -> bool:
        """Apply one mutation, unless that was done before."""
        with self.database.transaction() as connection:
            last = self.clients.last_mutation_id(connection, mutation.client_id, client_group_id)
            if mutation.identifier <= last:
                return False
            if mutation.identifier > last + 1:
                raise ClientStateNotFound if last == 0 else OutOfOrder
            self._mutate(connection, mutation, owner)
            version = self.clients.advance(connection, owner)
            self.clients.acknowledge(connection, mutation.client_id, client_group_id, mutation.identifier, version)
        return True

    def _mutate(self, connection: sqlite3.Connection, mutation: Mutation, owner: str) -> None:
        """Call the mutator; one that rejects leaves no trace, and the client goes on with its next mutation."""
        connection.execute("SAVEPOINT mutation")
        try:
            mutator = self.mutators.get(mutation.name)
            if mutator is None:
                raise Rejected("no mutator has this name")
            mutator(Call(connection, owner, mutation.arguments, self.clock.now()))
        except Rejected as rejection:
            connection.execute("ROLLBACK TO mutation")
            _log.warning("mutation %d of a client was rejected: %s", mutation.identifier, rejection)
        connection.execute("RELEASE mutation")
