"""The issuer's state in one SQLite file with a write-ahead log: durable, for all processes of one machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from reference_impl.database import Database, StorageError
from reference_impl.issuer.state import (
    AccountRecord,
    CodeRecord,
    Erased,
    GrantRecord,
    LoginRecord,
    TokenRecord,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    subject TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    provider_subject TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at REAL NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    UNIQUE (provider, provider_subject)
);
CREATE TABLE IF NOT EXISTS logins (
    fingerprint TEXT PRIMARY KEY,
    browser TEXT NOT NULL,
    began_at REAL NOT NULL,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    state TEXT,
    code_challenge TEXT,
    correlation_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    nonce TEXT,
    dpop_jkt TEXT
);
CREATE TABLE IF NOT EXISTS codes (
    fingerprint TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    subject TEXT NOT NULL,
    new_account INTEGER NOT NULL,
    correlation_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    nonce TEXT,
    issued_at REAL NOT NULL,
    used_at REAL,
    session_id TEXT,
    dpop_jkt TEXT
);
CREATE TABLE IF NOT EXISTS grants (
    session_id TEXT PRIMARY KEY,
    subject TEXT NOT NULL REFERENCES accounts (subject),
    client_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    began_at REAL NOT NULL,
    refreshed_at REAL NOT NULL,
    ended_at REAL,
    end_reason TEXT,
    thumbprint TEXT,
    reference TEXT
);
CREATE INDEX IF NOT EXISTS grants_subject ON grants (subject);
CREATE TABLE IF NOT EXISTS refresh_tokens (
    fingerprint TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES grants (session_id),
    generation INTEGER NOT NULL,
    rotated_at REAL,
    UNIQUE (session_id, generation)
);
CREATE TABLE IF NOT EXISTS correlation_ids (
    correlation_id TEXT PRIMARY KEY,
    taken_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS correlation_ids_by_age ON correlation_ids (taken_at);
CREATE TABLE IF NOT EXISTS malformed_refreshes (
    client_id TEXT PRIMARY KEY,
    reported_at REAL NOT NULL,
    unreported INTEGER NOT NULL
);
"""
MIGRATIONS = {
    (table, column): f"ALTER TABLE {table} ADD COLUMN {column} TEXT"
    for table, column in (
        ("grants", "thumbprint"),
        ("grants", "reference"),
        ("logins", "dpop_jkt"),
        ("codes", "dpop_jkt"),
    )
}
REMEMBERED = 31 * 86_400.0  # seconds: no session lives longer than 30 days

_COUNT = (
    "INSERT INTO malformed_refreshes VALUES (?, 0, 1) ON CONFLICT (client_id) DO UPDATE SET unreported = unreported + 1"
)


@dataclass(frozen=True)
class SqliteState:
    """One transaction on a connection, which whoever began it commits or rolls back."""

    connection: sqlite3.Connection
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def once_committed(self, tell: Callable[[], None]) -> None:
        self.afterwards.append(tell)

    def keep_account(self, account: AccountRecord) -> tuple[AccountRecord, bool]:
        new = self._insert("OR IGNORE INTO accounts", account) == 1
        kept = self.account_of(account.provider, account.provider_subject)
        if kept is None:  # another identity has this pseudonym
            raise StorageError("an account's subject is not unique")
        return kept, new

    def account(self, subject: str) -> AccountRecord | None:
        return self._account(self._row("SELECT * FROM accounts WHERE subject = ?", subject))

    def account_of(self, provider: str, provider_subject: str) -> AccountRecord | None:
        sql = "SELECT * FROM accounts WHERE provider = ? AND provider_subject = ?"
        return self._account(self._row(sql, provider, provider_subject))

    def set_disabled(self, subject: str, disabled: bool) -> bool:
        return self._change("UPDATE accounts SET disabled = ? WHERE subject = ?", disabled, subject) == 1

    def erase_account(self, subject: str) -> Erased:
        rows = self.connection.execute("SELECT * FROM grants WHERE subject = ? AND ended_at IS NULL", (subject,))
        live = [GrantRecord(**dict(row)) for row in rows.fetchall()]
        of_grants = "DELETE FROM refresh_tokens WHERE session_id IN (SELECT session_id FROM grants WHERE subject = ?)"
        self._change(of_grants, subject)
        for table in ("codes", "grants", "accounts"):
            self._change(f"DELETE FROM {table} WHERE subject = ?", subject)
        return Erased(live)

    def unerased(self) -> list[str]:
        return []  # it is done in one transaction

    def take_correlation(self, correlation_id: str, now: float) -> bool:
        self._change("DELETE FROM correlation_ids WHERE taken_at <= ?", now - REMEMBERED)
        return self._change("INSERT OR IGNORE INTO correlation_ids VALUES (?, ?)", correlation_id, now) == 1

    def add_login(self, login: LoginRecord) -> None:
        self._insert("INTO logins", login)

    def login(self, fingerprint: str) -> LoginRecord | None:
        row = self._row("SELECT * FROM logins WHERE fingerprint = ?", fingerprint)
        return LoginRecord(**row) if row else None

    def end_login(self, fingerprint: str) -> bool:
        return self._change("DELETE FROM logins WHERE fingerprint = ?", fingerprint) == 1

    def forget_logins(self, before: float) -> None:
        self._change("DELETE FROM logins WHERE began_at < ?", before)

    def add_code(self, code: CodeRecord) -> None:
        self._insert("INTO codes", code)

    def code(self, fingerprint: str) -> CodeRecord | None:
        return self._code(self._row("SELECT * FROM codes WHERE fingerprint = ?", fingerprint))

    def take_code(self, fingerprint: str, now: float) -> CodeRecord | None:
        sql = "UPDATE codes SET used_at = ? WHERE fingerprint = ? AND used_at IS NULL RETURNING *"
        return self._code(self._row(sql, now, fingerprint))

    def bind_code(self, fingerprint: str, session_id: str) -> None:
        self._change("UPDATE codes SET session_id = ? WHERE fingerprint = ?", session_id, fingerprint)

    def add_grant(self, grant: GrantRecord) -> None:
        self._insert("INTO grants", grant)

    def grant(self, session_id: str) -> GrantRecord | None:
        row = self._row("SELECT * FROM grants WHERE session_id = ?", session_id)
        return GrantRecord(**row) if row else None

    def bind_grant(self, session_id: str, thumbprint: str) -> None:
        self._change("UPDATE grants SET thumbprint = ? WHERE session_id = ?", thumbprint, session_id)

    def end_grant(self, session_id: str, reason: str, now: float) -> GrantRecord | None:
        sql = "UPDATE grants SET ended_at = ?, end_reason = ? WHERE session_id = ? AND ended_at IS NULL RETURNING *"
        row = self._row(sql, now, reason, session_id)
        return GrantRecord(**row) if row else None

    def add_token(self, token: TokenRecord) -> None:
        self._insert("INTO refresh_tokens", token)

    def token(self, fingerprint: str) -> TokenRecord | None:
        row = self._row("SELECT * FROM refresh_tokens WHERE fingerprint = ?", fingerprint)
        return TokenRecord(**row) if row else None

    def token_of(self, session_id: str, generation: int) -> TokenRecord | None:
        sql = "SELECT * FROM refresh_tokens WHERE session_id = ? AND generation = ?"
        row = self._row(sql, session_id, generation)
        return TokenRecord(**row) if row else None

    def rotate(self, session_id: str, generation: int, successor: str, now: float) -> bool:
        sql = "UPDATE refresh_tokens SET rotated_at = ? WHERE session_id = ? AND generation = ? AND rotated_at IS NULL"
        if self._change(sql, now, session_id, generation) != 1:
            return False
        self._change("UPDATE grants SET refreshed_at = ? WHERE session_id = ?", now, session_id)
        self.add_token(TokenRecord(successor, session_id, generation + 1))
        return True

    def count_malformed(self, client_id: str) -> None:
        self._change(_COUNT, client_id)

    def overdue_malformed(self, before: float) -> list[tuple[str, int]]:
        sql = "SELECT client_id, unreported FROM malformed_refreshes WHERE unreported > 0 AND reported_at <= ?"
        return [(row[0], row[1]) for row in self.connection.execute(sql, (before,))]

    def report_malformed(self, client_id: str, now: float) -> None:
        sql = "UPDATE malformed_refreshes SET reported_at = ?, unreported = 0 WHERE client_id = ?"
        self._change(sql, now, client_id)

    def _account(self, row: dict[str, Any] | None) -> AccountRecord | None:
        return AccountRecord(**{**row, "disabled": bool(row["disabled"])}) if row else None

    def _code(self, row: dict[str, Any] | None) -> CodeRecord | None:
        return CodeRecord(**{**row, "new_account": bool(row["new_account"])}) if row else None

    def _insert(self, into: str, record: DataclassInstance) -> int:
        names = [field.name for field in fields(record)]
        sql = f"INSERT {into} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        return self._change(sql, *(getattr(record, name) for name in names))

    def _change(self, sql: str, *values: object) -> int:
        """Return how many rows it changed."""
        return self.connection.execute(sql, values).rowcount

    # `Any`: the columns are those of the schema above, which the records mirror.
    def _row(self, sql: str, *values: object) -> dict[str, Any] | None:
        row = self.connection.execute(sql, values).fetchone()
        return dict(row) if row else None


@dataclass(frozen=True)
class SqliteStore:
    """Transactions on a stage's database; each excludes every other writer, so none is done twice."""

    database: Database

    def change(self, work: Callable[[SqliteState], T]) -> T:
        with self.database.transaction() as connection:
            state = SqliteState(connection)
            result = work(state)
        for tell in state.afterwards:
            tell()
        return result

    def read(self, work: Callable[[SqliteState], T]) -> T:
        with self.database.reading() as connection:
            return work(SqliteState(connection))

    def after_commit(self, listener: Callable[[], None]) -> None:
        self.database.after_commit(listener)

    def close(self) -> None:
        self.database.close()
