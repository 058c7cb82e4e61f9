"""What mutations do. Each works on the notes of one user or workspace, in its caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reference_impl.api.body import is_unicode
from reference_impl.api.notes import LONGEST_NOTE
from reference_impl.api.sync.messages import LONGEST_ID


class Rejected(Exception):
    """The mutation cannot be applied, now or ever: it counts as done, without an effect."""


@dataclass(frozen=True)
class Call:
    """A mutator's call: on whose notes, with which arguments, when (seconds since the epoch)."""

    connection: sqlite3.Connection
    owner: str
    arguments: object
    now: float

    def text(self, name: str, longest: int) -> str:
        """Return an argument that is a text with something in it. Raises Rejected."""
        value = self.arguments.get(name) if isinstance(self.arguments, dict) else None
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise Rejected(f"{name} is a text of 1 to {longest} characters")
        if not is_unicode(value):
            raise Rejected(f"{name} holds half a character")
        return value


def create_note(call: Call) -> None:
    """Write a note under the id that the client has chosen; ids are nobody's twice."""
    note = (call.text("id", LONGEST_ID), call.owner, call.text("text", LONGEST_NOTE), call.now)
    if call.connection.execute("INSERT OR IGNORE INTO notes VALUES (?, ?, ?, ?)", note).rowcount != 1:
        raise Rejected("there is a note of this id")


def update_note(call: Call) -> None:
    """Change the text of a note."""
    sql = "UPDATE notes SET text = ? WHERE note_id = ? AND subject = ?"
    changed = call.connection.execute(sql, (call.text("text", LONGEST_NOTE), call.text("id", LONGEST_ID), call.owner))
    if changed.rowcount != 1:
        raise Rejected("the caller has no note of this id")


def append_to_note(call: Call) -> None:
    """Add a text at the end of a note, as long as it has room: what is done twice is there twice."""
    text = call.text("text", LONGEST_NOTE)
    sql = "UPDATE notes SET text = text || ? WHERE note_id = ? AND subject = ? AND length(text) <= ?"
    room = LONGEST_NOTE - len(text)
    changed = call.connection.execute(sql, (text, call.text("id", LONGEST_ID), call.owner, room))
    if changed.rowcount != 1:
        raise Rejected("the caller has no note of this id with room for more")


def delete_note(call: Call) -> None:
    """Delete a note; one that is gone is no error."""
    sql = "DELETE FROM notes WHERE note_id = ? AND subject = ?"
    call.connection.execute(sql, (call.text("id", LONGEST_ID), call.owner))


Mutators = Mapping[str, Callable[[Call], None]]
MUTATORS: Mutators = {
    "createNote": create_note,
    "updateNote": update_note,
    "appendToNote": append_to_note,
    "deleteNote": delete_note,
}
