"""Who of a stage's accounts is internal: an operator says so (`operate grant-internal`), and no client can."""

from __future__ import annotations

from dataclasses import dataclass

from reference_impl.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS internal_accounts (
    subject TEXT PRIMARY KEY
);
"""


@dataclass(frozen=True)
class Entitlements:
    """The internal accounts of one stage."""

    database: Database

    def is_internal(self, subject: str) -> bool:
        """Say whether the account is internal now."""
        with self.database.reading() as connection:
            sql = "SELECT 1 FROM internal_accounts WHERE subject = ?"
            return connection.execute(sql, (subject,)).fetchone() is not None

    def set_internal(self, subject: str, internal: bool) -> None:
        """Make the account internal, or withdraw that."""
        sql = (
            "INSERT INTO internal_accounts VALUES (?) ON CONFLICT DO NOTHING"
            if internal
            else "DELETE FROM internal_accounts WHERE subject = ?"
        )
        with self.database.transaction() as connection:
            connection.execute(sql, (subject,))
