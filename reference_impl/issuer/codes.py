"""Authorization codes: random, stored by fingerprint, short-lived, used up by one atomic update."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from reference_impl.issuer.opaque import fingerprint, new_secret

SCHEMA = """
CREATE TABLE IF NOT EXISTS codes (
    fingerprint TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    subject TEXT NOT NULL,
    new_account INTEGER NOT NULL,
    correlation_id TEXT NOT NULL,
    issued_at REAL NOT NULL,
    used_at REAL,
    session_id TEXT
);
"""


@dataclass(frozen=True)
class CodeBinding:
    """What a code stands for, and what it is bound to (RFC 6749 §4.1.2, RFC 7636 §4.4)."""

    client_id: str
    redirect_uri: str
    code_challenge: str | None
    subject: str
    new_account: bool
    correlation_id: str


class CodeRefused(Exception):
    """The code is unknown or too old."""


class CodeReplayed(CodeRefused):
    """The code was used before. ``session_id``: the grant that came of it, None if none did."""

    def __init__(self, session_id: str | None) -> None:
        self.session_id = session_id
        super().__init__("the code was used before")


class CodeStore:
    """The codes of one stage. Each call works in its caller's transaction."""

    def __init__(self, lifetime: float) -> None:
        """``lifetime`` in seconds."""
        self.lifetime = lifetime

    def issue(self, connection: sqlite3.Connection, binding: CodeBinding, now: float) -> str:
        """Return a new code."""
        code = new_secret()
        connection.execute(
            "INSERT INTO codes (fingerprint, client_id, redirect_uri, code_challenge, subject, new_account, "
            "correlation_id, issued_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (fingerprint(code), *vars(binding).values(), now),
        )
        return code

    def use(self, connection: sqlite3.Connection, code: str, now: float) -> CodeBinding:
        """Use the code up, whatever becomes of the request. Raises CodeReplayed or CodeRefused."""
        row = connection.execute(
            "UPDATE codes SET used_at = ? WHERE fingerprint = ? AND used_at IS NULL RETURNING *",
            (now, fingerprint(code)),
        ).fetchone()
        if row is None:
            raise self._refusal(connection, code)
        if now >= row["issued_at"] + self.lifetime:
            raise CodeRefused("the code is too old")
        return CodeBinding(
            row["client_id"],
            row["redirect_uri"],
            row["code_challenge"],
            row["subject"],
            bool(row["new_account"]),
            row["correlation_id"],
        )

    def bind_session(self, connection: sqlite3.Connection, code: str, session_id: str) -> None:
        """Remember the grant that came of a code, to end it should the code be used again."""
        sql = "UPDATE codes SET session_id = ? WHERE fingerprint = ?"
        connection.execute(sql, (session_id, fingerprint(code)))

    def _refusal(self, connection: sqlite3.Connection, code: str) -> CodeRefused:
        sql = "SELECT session_id FROM codes WHERE fingerprint = ?"
        row = connection.execute(sql, (fingerprint(code),)).fetchone()
        return CodeReplayed(row["session_id"]) if row else CodeRefused("no such code was issued")
