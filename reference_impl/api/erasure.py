"""What the API forgets of a user whose account is erased: notes, client groups, memberships, being internal."""

from __future__ import annotations

import sqlite3

_OF_OWNER = (
    "DELETE FROM sync_clients WHERE client_group_id IN (SELECT client_group_id FROM sync_groups WHERE owner = ?)",
    "DELETE FROM sync_groups WHERE owner = ?",
    "DELETE FROM notes WHERE subject = ?",
    "DELETE FROM sync_versions WHERE subject = ?",  # last, for the deletion of a note makes a version
)
_OF_USER = (
    "DELETE FROM sync_clients WHERE client_group_id IN (SELECT client_group_id FROM sync_groups WHERE subject = ?)",
    "DELETE FROM sync_groups WHERE subject = ?",
    "DELETE FROM workspace_members WHERE subject = ?",
    "DELETE FROM internal_accounts WHERE subject = ?",
)
# Workspaces of the user's that nobody else can enter.
_ALONE = """
SELECT workspace_id FROM workspace_members AS mine WHERE subject = ? AND NOT EXISTS (
    SELECT 1 FROM workspace_members WHERE workspace_id = mine.workspace_id AND subject != mine.subject AND active
)
"""


def erase_user(connection: sqlite3.Connection, subject: str) -> None:
    """Forget what is kept for this user, and the workspaces that nobody else can enter; what he wrote in workspaces of
    others is theirs. Done again, it does nothing."""
    alone = [row[0] for row in connection.execute(_ALONE, (subject,))]
    for owner in (subject, *alone):
        for sql in _OF_OWNER:
            connection.execute(sql, (owner,))
    for workspace in alone:
        connection.execute("DELETE FROM workspace_members WHERE workspace_id = ?", (workspace,))
    for sql in _OF_USER:
        connection.execute(sql, (subject,))
