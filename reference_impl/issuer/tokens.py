"""Grants and their families of refresh tokens: rotation, reuse, revocation.

A family is a line of generations. Each refresh token is an HMAC over its family and generation, so a client whose
answer was lost gets the very same successor when it asks again within the grace; only fingerprints are stored. A token
that is presented after that was stolen or kept: its grant ends, and no other (RFC 9700 §4.14.2). Records are kept as
long as the family may live, so reuse is noticed however late it comes.
"""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass, replace

from reference_impl.config import Lifetimes
from reference_impl.events.occurrences import Session
from reference_impl.events.schema import Reason
from reference_impl.issuer.opaque import fingerprint
from reference_impl.issuer.refresh_keys import RefreshKeys

SCHEMA = """
CREATE TABLE IF NOT EXISTS grants (
    session_id TEXT PRIMARY KEY,
    subject TEXT NOT NULL REFERENCES accounts (subject),
    client_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    began_at REAL NOT NULL,
    refreshed_at REAL NOT NULL,
    ended_at REAL,
    end_reason TEXT,
    thumbprint TEXT
);
CREATE INDEX IF NOT EXISTS grants_subject ON grants (subject);
CREATE TABLE IF NOT EXISTS refresh_tokens (
    fingerprint TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES grants (session_id),
    generation INTEGER NOT NULL,
    rotated_at REAL,
    UNIQUE (session_id, generation)
);
"""


@dataclass(frozen=True)
class RefreshRecord:
    """A refresh token that was issued. Times in seconds since the epoch; None where it did not happen."""

    session: Session
    generation: int
    rotated_at: float | None
    began_at: float  # of the grant
    refreshed_at: float  # the grant, for the last time; a retry does not count
    ended_at: float | None  # of the grant
    disabled: bool  # the account


@dataclass(frozen=True)
class Rotation:
    """The successor of a refresh token. ``retry``: it had been made before, and was not used yet."""

    session: Session
    refresh_token: str
    retry: bool


class RefreshRefused(Exception):
    """A refresh token that is dead for good. ``record`` is None if it was never issued."""

    def __init__(self, reason: Reason, record: RefreshRecord | None = None) -> None:
        self.reason, self.record = reason, record
        super().__init__(reason)


class TokenStore:
    """The grants and refresh tokens of one stage. Each call works in its caller's transaction."""

    def __init__(self, refresh_key: bytes | RefreshKeys, lifetimes: Lifetimes) -> None:
        self._refresh_key = RefreshKeys.of(refresh_key) if isinstance(refresh_key, bytes) else refresh_key
        self.lifetimes = lifetimes

    def open_grant(
        self, connection: sqlite3.Connection, subject: str, client_id: str, correlation_id: str, now: float
    ) -> tuple[Session, str]:
        """Begin a grant; return it with its first refresh token."""
        session = Session(str(uuid.uuid4()), subject, client_id, correlation_id)
        connection.execute(
            "INSERT INTO grants (session_id, subject, client_id, correlation_id, began_at, refreshed_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (session.session_id, subject, client_id, correlation_id, now, now),
        )
        return session, self._add(connection, session, 0)

    def bind(self, connection: sqlite3.Connection, session: Session, thumbprint: str) -> Session:
        """Bind a grant's refresh tokens, from now on, to the key with this thumbprint (RFC 9449 §5); return it."""
        sql = "UPDATE grants SET thumbprint = ? WHERE session_id = ?"
        connection.execute(sql, (thumbprint, session.session_id))
        return replace(session, thumbprint=thumbprint)

    def find(self, connection: sqlite3.Connection, refresh_token: str) -> RefreshRecord | None:
        """Return what is known of a refresh token, in whatever state; None if it was never issued, or by a key that has
        ended."""
        row = connection.execute(
            "SELECT * FROM refresh_tokens JOIN grants USING (session_id) JOIN accounts USING (subject) "
            "WHERE fingerprint = ?",
            (fingerprint(refresh_token),),
        ).fetchone()
        if row is None or self._again(row["session_id"], row["generation"], fingerprint(refresh_token)) is None:
            return None
        names = ("session_id", "subject", "client_id", "correlation_id", "thumbprint")
        session = Session(*(row[name] for name in names))
        return RefreshRecord(
            session,
            row["generation"],
            row["rotated_at"],
            row["began_at"],
            row["refreshed_at"],
            row["ended_at"],
            bool(row["disabled"]),
        )

    def rotate(self, connection: sqlite3.Connection, refresh_token: str, client_id: str, now: float) -> Rotation:
        """Exchange a refresh token for its successor. Raises RefreshRefused; ends no grant by itself."""
        record = self.find(connection, refresh_token)
        if record is None:
            raise RefreshRefused(Reason.MALFORMED)
        self.check(record, client_id, now)
        if record.rotated_at is None:
            return Rotation(record.session, self._advance(connection, record, now), retry=False)
        if self.may_retry(connection, record, now):
            successor = self._successor(connection, record)
            if successor is not None:
                return Rotation(record.session, successor, retry=True)
        raise RefreshRefused(Reason.REUSE_DETECTED, record)

    def check(self, record: RefreshRecord, client_id: str, now: float) -> None:
        """Refuse, in this order, another client's token, and one whose grant ended, account or age forbids it."""
        if record.session.client_id != client_id:
            raise RefreshRefused(Reason.CLIENT_MISMATCH, record)
        if record.ended_at is not None:
            raise RefreshRefused(Reason.REVOKED, record)
        if record.disabled:
            raise RefreshRefused(Reason.ACCOUNT_DISABLED, record)
        if now >= self.end_of(record):
            raise RefreshRefused(Reason.EXPIRED, record)

    def end_of(self, record: RefreshRecord) -> float:
        """Return when the family ends unless it is refreshed, and at the latest a fixed time after the login."""
        idle = record.refreshed_at + self.lifetimes.refresh_idle
        return min(idle, record.began_at + self.lifetimes.refresh_absolute)

    def may_retry(self, connection: sqlite3.Connection, record: RefreshRecord, now: float) -> bool:
        """Say whether a rotated token may ask for its successor again: within the grace, while that is unused."""
        if record.rotated_at is None or now >= record.rotated_at + self.lifetimes.reuse_grace:
            return False
        sql = "SELECT rotated_at FROM refresh_tokens WHERE session_id = ? AND generation = ?"
        successor = connection.execute(sql, (record.session.session_id, record.generation + 1)).fetchone()
        return successor is not None and successor["rotated_at"] is None

    def _successor(self, connection: sqlite3.Connection, record: RefreshRecord) -> str | None:
        """Return the token that a rotated one was exchanged for, by whichever key made it."""
        session_id, generation = record.session.session_id, record.generation + 1
        sql = "SELECT fingerprint FROM refresh_tokens WHERE session_id = ? AND generation = ?"
        row = connection.execute(sql, (session_id, generation)).fetchone()
        return self._again(session_id, generation, row["fingerprint"]) if row else None

    def _again(self, session_id: str, generation: int, known: str) -> str | None:
        return self._refresh_key.derive_again(session_id, generation, known)

    def end_grant(self, connection: sqlite3.Connection, session_id: str, reason: Reason, now: float) -> Session | None:
        """End one grant, with all its tokens; return it, or None if it had ended before."""
        row = connection.execute(
            "UPDATE grants SET ended_at = ?, end_reason = ? WHERE session_id = ? AND ended_at IS NULL "
            "RETURNING session_id, subject, client_id, correlation_id",
            (now, reason, session_id),
        ).fetchone()
        return Session(*row) if row else None

    def is_active(self, connection: sqlite3.Connection, session_id: str) -> bool:
        """Say whether the grant's access tokens may be used: it is known, goes on, and its account is enabled."""
        row = connection.execute(
            "SELECT 1 FROM grants JOIN accounts USING (subject) "
            "WHERE session_id = ? AND ended_at IS NULL AND NOT disabled",
            (session_id,),
        ).fetchone()
        return row is not None

    def _advance(self, connection: sqlite3.Connection, record: RefreshRecord, now: float) -> str:
        connection.execute(
            "UPDATE refresh_tokens SET rotated_at = ? WHERE session_id = ? AND generation = ? AND rotated_at IS NULL",
            (now, record.session.session_id, record.generation),
        )
        sql = "UPDATE grants SET refreshed_at = ? WHERE session_id = ?"
        connection.execute(sql, (now, record.session.session_id))
        return self._add(connection, record.session, record.generation + 1)

    def _add(self, connection: sqlite3.Connection, session: Session, generation: int) -> str:
        token = self._derive(session, generation)
        connection.execute(
            "INSERT INTO refresh_tokens (fingerprint, session_id, generation) VALUES (?, ?, ?)",
            (fingerprint(token), session.session_id, generation),
        )
        return token

    def _derive(self, session: Session, generation: int) -> str:
        """Return the family's token of a generation."""
        return self._refresh_key.derive(session.session_id, generation)
