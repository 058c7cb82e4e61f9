"""What the API keeps for its callers: short notes, each seen by its author alone."""

from __future__ import annotations

import uuid

from reference_impl.api.body import is_unicode
from reference_impl.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    note_id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    written_at REAL NOT NULL
);
"""
LONGEST_NOTE = 2000  # characters


class Notes:
    """The notes of one stage."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, subject: str, text: str, now: float) -> str:
        """Store a note; return its id. Raises ValueError if it is empty or longer than `LONGEST_NOTE`, or
        no Unicode."""
        if not 0 < len(text) <= LONGEST_NOTE:
            raise ValueError(f"a note has 1 to {LONGEST_NOTE} characters")
        if not is_unicode(text):
            raise ValueError("a note holds no half characters")
        note_id = str(uuid.uuid4())
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO notes VALUES (?, ?, ?, ?)", (note_id, subject, text, now))
        return note_id

    def of(self, subject: str) -> list[dict[str, str]]:
        """Return the subject's notes, oldest first."""
        sql = "SELECT note_id, text FROM notes WHERE subject = ? ORDER BY written_at"
        with self._database.reading() as connection:
            return [{"id": row["note_id"], "text": row["text"]} for row in connection.execute(sql, (subject,))]
