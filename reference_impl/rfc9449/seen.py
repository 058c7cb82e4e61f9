"""Proofs that were used: each works once (RFC 9449 §11.1). Kept where all servers of the stage look, over restarts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from reference_impl.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS dpop_proofs (
    fingerprint TEXT PRIMARY KEY,
    forget_at REAL NOT NULL
);
"""


class SeenProofs(Protocol):
    """Remembers proofs for as long as they could be accepted."""

    def first_time(self, thumbprint: str, jti: str, now: float, forget_at: float) -> bool:
        """Remember the proof with this ``jti`` by this key; False if it is known. Times in seconds of the epoch."""


def fingerprint(thumbprint: str, jti: str) -> str:
    """Return what a proof is remembered by, which is as long as any other's: whoever sends it chooses the ``jti``."""
    return hashlib.sha256(f"{thumbprint}|{jti}".encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class SeenInDatabase:
    """In the stage's database, in a transaction of its own: a proof is used up whatever becomes of its request."""

    database: Database

    def first_time(self, thumbprint: str, jti: str, now: float, forget_at: float) -> bool:
        """Insert the proof's fingerprint; forget those that are too old by now."""
        with self.database.transaction() as connection:
            connection.execute("DELETE FROM dpop_proofs WHERE forget_at <= ?", (now,))
            sql = "INSERT OR IGNORE INTO dpop_proofs VALUES (?, ?)"
            return connection.execute(sql, (fingerprint(thumbprint, jti), forget_at)).rowcount == 1
