"""Client groups and their clients. A group belongs to the user who was the first to use it, and to no other; and to the
notes that he used it for: his own, or those of one workspace."""

from __future__ import annotations

import sqlite3

from reference_impl.api.workspaces import Space

SCHEMA = """
CREATE TABLE IF NOT EXISTS sync_groups (
    client_group_id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    owner TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sync_clients (
    client_id TEXT PRIMARY KEY,
    client_group_id TEXT NOT NULL REFERENCES sync_groups (client_group_id),
    last_mutation_id INTEGER NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS sync_clients_group ON sync_clients (client_group_id);
CREATE TABLE IF NOT EXISTS sync_versions (
    subject TEXT PRIMARY KEY,
    version INTEGER NOT NULL
);
CREATE TRIGGER IF NOT EXISTS sync_note_written AFTER INSERT ON notes BEGIN
    INSERT INTO sync_versions VALUES (NEW.subject, 1)
    ON CONFLICT (subject) DO UPDATE SET version = version + 1;
END;
CREATE TRIGGER IF NOT EXISTS sync_note_changed AFTER UPDATE ON notes BEGIN
    INSERT INTO sync_versions VALUES (NEW.subject, 1)
    ON CONFLICT (subject) DO UPDATE SET version = version + 1;
END;
CREATE TRIGGER IF NOT EXISTS sync_note_deleted AFTER DELETE ON notes BEGIN
    INSERT INTO sync_versions VALUES (OLD.subject, 1)
    ON CONFLICT (subject) DO UPDATE SET version = version + 1;
END;
"""


MIGRATIONS = {
    ("sync_groups", "owner"): (  # until there were workspaces, each group was for its user's own notes
        "ALTER TABLE sync_groups ADD COLUMN owner TEXT NOT NULL DEFAULT ''; UPDATE sync_groups SET owner = subject"
    )
}


class NotYours(Exception):
    """The client group or the client is another user's or another workspace's, or the client is another group's."""


class Clients:
    """Each call works in its caller's transaction."""

    def claim_group(self, connection: sqlite3.Connection, client_group_id: str, space: Space) -> None:
        """Bind the group to the user, who was the first to name it. Raises NotYours where it is another's."""
        bound = (client_group_id, space.subject, space.owner)
        connection.execute("INSERT OR IGNORE INTO sync_groups VALUES (?, ?, ?)", bound)
        self.require_group(connection, client_group_id, space)

    def require_group(self, connection: sqlite3.Connection, client_group_id: str, space: Space) -> None:
        """Raise NotYours where the group is another user's; one that nobody has used yet is nobody's."""
        sql = "SELECT subject, owner FROM sync_groups WHERE client_group_id = ?"
        row = connection.execute(sql, (client_group_id,)).fetchone()
        if row is not None and (row["subject"], row["owner"]) != (space.subject, space.owner):
            raise NotYours

    def last_mutation_id(self, connection: sqlite3.Connection, client_id: str, client_group_id: str) -> int:
        """Return the client's last mutation; 0 for a client that is new. Raises NotYours."""
        sql = "SELECT client_group_id, last_mutation_id FROM sync_clients WHERE client_id = ?"
        row = connection.execute(sql, (client_id,)).fetchone()
        if row is None:
            return 0
        if row["client_group_id"] != client_group_id:
            raise NotYours
        return int(row["last_mutation_id"])

    def acknowledge(
        self, connection: sqlite3.Connection, client_id: str, client_group_id: str, mutation_id: int, version: int
    ) -> None:
        """Note the client's last mutation, at a version of its user's data."""
        connection.execute(
            "INSERT INTO sync_clients VALUES (?, ?, ?, ?) ON CONFLICT (client_id) "
            "DO UPDATE SET last_mutation_id = excluded.last_mutation_id, version = excluded.version",
            (client_id, client_group_id, mutation_id, version),
        )

    def changes(self, connection: sqlite3.Connection, client_group_id: str, since: int) -> dict[str, int]:
        """Return the last mutations of the group's clients that were acknowledged after a version."""
        sql = "SELECT client_id, last_mutation_id FROM sync_clients WHERE client_group_id = ? AND version > ?"
        rows = connection.execute(sql, (client_group_id, since))
        return {row["client_id"]: int(row["last_mutation_id"]) for row in rows}

    def version(self, connection: sqlite3.Connection, owner: str) -> int:
        """Return the version of the notes of a user or workspace; it grows with every change, by whichever route."""
        row = connection.execute("SELECT version FROM sync_versions WHERE subject = ?", (owner,)).fetchone()
        return int(row["version"]) if row else 0

    def advance(self, connection: sqlite3.Connection, owner: str) -> int:
        """Make a new version, and return it."""
        row = connection.execute(
            "INSERT INTO sync_versions VALUES (?, 1) ON CONFLICT (subject) "
            "DO UPDATE SET version = version + 1 RETURNING version",
            (owner,),
        ).fetchone()
        return int(row["version"])
