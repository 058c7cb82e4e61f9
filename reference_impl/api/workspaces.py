"""Workspaces: notes that several users share. A request names one by a header; without it, it is about one's own notes.

Who is no active member is told the same of a workspace as if there were none of this name (OWASP ASVS 5.0.0 8.2.2).
"""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass

from reference_impl.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS workspace_members (
    workspace_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    active INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, subject)
);
"""
HEADER = "Workspace"


class NoSuchWorkspace(Exception):
    """There is none of this name, or none for this user: which of both is not told."""


@dataclass(frozen=True)
class Space:
    """Whose notes a request is about: ``subject`` makes it, on the notes of ``owner``, himself or a workspace."""

    subject: str
    workspace: str | None = None

    @property
    def owner(self) -> str:
        """Under which name the notes are kept."""
        return self.subject if self.workspace is None else self.workspace


@dataclass(frozen=True)
class Workspaces:
    """The workspaces of one stage, and their members."""

    database: Database

    def enter(self, subject: str, named: str | None) -> Space:
        """Return the space that a request names: None, its user's own. Raises NoSuchWorkspace."""
        if named is None:
            return Space(subject)
        with self.database.reading() as connection:
            if not self.is_member(connection, named, subject):
                raise NoSuchWorkspace
        return Space(subject, named)

    def is_member(self, connection: sqlite3.Connection, workspace: str, subject: str) -> bool:
        """Say whether the user is an active member now: one who was is none."""
        sql = "SELECT 1 FROM workspace_members WHERE workspace_id = ? AND subject = ? AND active"
        return connection.execute(sql, (workspace, subject)).fetchone() is not None

    def create(self, subject: str) -> str:
        """Make a workspace with one member; return its id."""
        workspace = f"w-{uuid.uuid4()}"
        with self.database.transaction() as connection:
            connection.execute("INSERT INTO workspace_members VALUES (?, ?, 1)", (workspace, subject))
        return workspace

    def set_member(self, workspace: str, by: str, subject: str, active: bool) -> None:
        """Let a member take in another user, or end a membership. Raises NoSuchWorkspace where he is no member."""
        with self.database.transaction() as connection:
            if not self.is_member(connection, workspace, by):
                raise NoSuchWorkspace
            connection.execute(
                "INSERT INTO workspace_members VALUES (?, ?, ?) "
                "ON CONFLICT (workspace_id, subject) DO UPDATE SET active = excluded.active",
                (workspace, subject, int(active)),
            )

    def members(self, space: Space) -> list[str]:
        """Return the subjects whose clients see these notes."""
        if space.workspace is None:
            return [space.subject]
        sql = "SELECT subject FROM workspace_members WHERE workspace_id = ? AND active ORDER BY subject"
        with self.database.reading() as connection:
            return [row["subject"] for row in connection.execute(sql, (space.workspace,))]
