"""The stage's accounts: one for each identity, made at its first login."""

from __future__ import annotations

import base64
import hashlib
import hmac
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from reference_impl.issuer.identity import Identity

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    provider TEXT NOT NULL,
    provider_subject TEXT NOT NULL,
    subject TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at REAL NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (provider, provider_subject)
);
"""


@dataclass(frozen=True)
class Account:
    """``subject``: the stage's pseudonym of the person. ``new``: this login made the account."""

    subject: str
    new: bool
    disabled: bool


class Accounts:
    """Finds and makes accounts. Each call works in its caller's transaction."""

    def __init__(self, subject_key: Callable[[], bytes]) -> None:
        """``subject_key`` gives the stage's own, so that nobody can join the pseudonyms of two stages.

        It may be rotated: an account keeps the pseudonym that it was made with.
        """
        self._subject_key = subject_key

    def resolve(self, connection: sqlite3.Connection, identity: Identity, now: float) -> Account:
        """Return the identity's account, made if there is none; of two first logins at once, one makes it."""
        subject = self._pseudonym(identity)
        made = connection.execute(
            "INSERT OR IGNORE INTO accounts VALUES (?, ?, ?, ?, ?, 0)",
            (identity.provider, identity.subject, subject, identity.name, now),
        )
        row = connection.execute(
            "SELECT subject, disabled FROM accounts WHERE provider = ? AND provider_subject = ?",
            (identity.provider, identity.subject),
        ).fetchone()
        return Account(row["subject"], made.rowcount == 1, bool(row["disabled"]))

    def is_disabled(self, connection: sqlite3.Connection, subject: str) -> bool:
        """Say whether the account is disabled, or not there."""
        row = connection.execute("SELECT disabled FROM accounts WHERE subject = ?", (subject,)).fetchone()
        return row is None or bool(row["disabled"])

    def name_of(self, connection: sqlite3.Connection, subject: str) -> str | None:
        """Return the account's name, for its owner's eyes; None if there is no account."""
        row = connection.execute("SELECT name FROM accounts WHERE subject = ?", (subject,)).fetchone()
        return str(row["name"]) if row else None

    def set_disabled(self, connection: sqlite3.Connection, subject: str, disabled: bool) -> None:
        """Disable or enable an account. Raises LookupError if there is none."""
        changed = connection.execute("UPDATE accounts SET disabled = ? WHERE subject = ?", (disabled, subject))
        if changed.rowcount != 1:
            raise LookupError("no account has this subject")

    def _pseudonym(self, identity: Identity) -> str:
        message = f"{len(identity.provider)}:{identity.provider}{identity.subject}".encode()
        digest = hmac.new(self._subject_key(), message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()
