"""Authorization transactions: from a valid request to the end of its login page, bound to one browser."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass

from reference_impl.issuer.opaque import fingerprint, new_secret

SCHEMA = """
CREATE TABLE IF NOT EXISTS transactions (
    fingerprint TEXT PRIMARY KEY,
    browser TEXT NOT NULL,
    began_at REAL NOT NULL,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    state TEXT,
    code_challenge TEXT,
    correlation_id TEXT NOT NULL
);
"""


@dataclass(frozen=True)
class Transaction:
    """What the login page's outcome needs of the authorization request."""

    client_id: str
    redirect_uri: str
    state: str | None
    code_challenge: str | None
    correlation_id: str


class Transactions:
    """The open transactions of one stage. Each call works in its caller's transaction with the database."""

    def __init__(self, lifetime: float) -> None:
        """``lifetime`` in seconds."""
        self.lifetime = lifetime

    def begin(self, connection: sqlite3.Connection, request: Transaction, browser: str, now: float) -> str:
        """Store a transaction for the browser that holds the secret ``browser``; return the transaction's own."""
        handle = new_secret()
        connection.execute("DELETE FROM transactions WHERE began_at <= ?", (now - self.lifetime,))
        connection.execute(
            "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (fingerprint(handle), fingerprint(browser), now, *astuple(request)),
        )
        return handle

    def find(self, connection: sqlite3.Connection, handle: str, browser: str, now: float) -> Transaction | None:
        """Return an open transaction of this browser; None if it is over, too old, or another browser's."""
        row = connection.execute(
            "SELECT client_id, redirect_uri, state, code_challenge, correlation_id FROM transactions "
            "WHERE fingerprint = ? AND browser = ? AND began_at > ?",
            (fingerprint(handle), fingerprint(browser), now - self.lifetime),
        ).fetchone()
        return Transaction(*row) if row else None

    def finish(self, connection: sqlite3.Connection, handle: str) -> bool:
        """End the transaction; False if it had ended before."""
        sql = "DELETE FROM transactions WHERE fingerprint = ?"
        return connection.execute(sql, (fingerprint(handle),)).rowcount == 1
