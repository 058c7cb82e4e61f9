"""Pull: what a client group lacks of its user's notes, and which of its mutations are among them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from reference_impl.api.sync.clients import Clients
from reference_impl.api.sync.messages import PullRequest
from reference_impl.api.sync.pusher import ClientStateNotFound
from reference_impl.api.workspaces import Space
from reference_impl.database import Database

Operation = dict[str, object]


@dataclass(frozen=True)
class PullAnswer:
    """``cookie``: the version that the client has now; ``patch``: what brings it there."""

    cookie: int
    last_mutation_id_changes: dict[str, int]
    patch: list[Operation]

    def body(self) -> dict[str, object]:
        """Return the answer's JSON object."""
        return {
            "cookie": self.cookie,
            "lastMutationIDChanges": self.last_mutation_id_changes,
            "patch": self.patch,
        }


@dataclass(frozen=True)
class Puller:
    """Answers pulls, each from one consistent state of the database."""

    database: Database
    clients: Clients

    def pull(self, request: PullRequest, space: Space) -> PullAnswer:
        """Return the difference to the client's version. Raises NotYours; ClientStateNotFound for a version from the
        future, which this server never told."""
        with self.database.reading() as connection:
            self.clients.require_group(connection, request.client_group_id, space)
            version = self.clients.version(connection, space.owner)
            since = -1 if request.cookie is None else request.cookie
            if since > version:
                raise ClientStateNotFound
            changes = self.clients.changes(connection, request.client_group_id, since)
            patch = [] if since == version else self._everything(connection, space.owner)
        return PullAnswer(version, changes, patch)

    def _everything(self, connection: sqlite3.Connection, owner: str) -> list[Operation]:
        """All notes of the owner in place of what the client has: notes are few, and so nothing can be forgotten."""
        sql = "SELECT note_id, text FROM notes WHERE subject = ? ORDER BY written_at, note_id"
        rows = connection.execute(sql, (owner,))
        puts: list[Operation] = [
            {"op": "put", "key": f"note/{row['note_id']}", "value": {"id": row["note_id"], "text": row["text"]}}
            for row in rows
        ]
        return [{"op": "clear"}, *puts]
