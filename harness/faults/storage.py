"""How faults reach below the issuer's interface to its storage: the reference that they are tried on has SQLite."""

from __future__ import annotations

import sqlite3

from reference_impl.database import connection_of
from reference_impl.issuer.state import IssuerState

__all__ = ["sql_of"]


def sql_of(state: IssuerState) -> sqlite3.Connection:
    """The connection of a transaction."""
    return connection_of(state)
