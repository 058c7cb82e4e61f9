"""One SQLite file per stage (write-ahead log): grants, codes, accounts and the outbox change together or not at all."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

BUSY_SECONDS = 5.0
RETRY_AFTER = 1  # seconds, for whoever is told that storage failed: what is locked or throttled is so for a moment

# By table and column that it lacked: SQL statements, separated by semicolons.
Migrations = Mapping[tuple[str, str], str]

_log = logging.getLogger(__name__)


class StorageError(Exception):
    """The store failed, or gave up: nothing was decided, and the same request may succeed later."""


STORAGE_ERRORS = (sqlite3.Error, OSError, StorageError)  # for these an answer is 503 with `RETRY_AFTER`


class Database:
    """Hands out transactions on pooled connections; safe to use from many threads."""

    def __init__(self, path: Path, *schemas: str, migrations: Migrations | None = None) -> None:
        """Open or create the file and bring its tables into being.

        ``migrations``: what gives the tables of an earlier version's file their columns. Raises sqlite3.Error if it
        cannot, and where a table lacks a column all the same: a stage does not start on a file that it cannot use.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False
        self._listeners: list[Callable[[], None]] = []
        with self._borrowed() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            _migrate(connection, migrations or {})
            connection.executescript("\n".join(schemas))
            _require_columns(connection, path, schemas)

    def after_commit(self, listener: Callable[[], None]) -> None:
        """Call ``listener``, which must be quick, after each transaction that was committed."""
        self._listeners.append(listener)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write: exclusive against other writers; committed at the end, rolled back on any exception.

        A commit may fail as well (disk full, a deferred constraint): then nothing of the transaction stays either.
        """
        with self._borrowed() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        for listener in self._listeners:
            listener()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read one consistent state, beside any writer."""
        with self._borrowed() as connection:
            connection.execute("BEGIN")
            yield connection

    def close(self) -> None:
        """Close all connections; those that are in use close when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            yield connection
        finally:
            self._take_back(connection)

    def _take_back(self, connection: sqlite3.Connection) -> None:
        """Return a connection to the pool without an open transaction, which would keep every other writer out."""
        clean = _roll_back(connection)
        with self._lock:
            keep = clean and not self._closed
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")  # what was answered outlives a power cut too
        return connection


def connection_of(transaction: object) -> sqlite3.Connection:
    """Return the connection of a transaction: itself, or what it has as ``connection``. Raises TypeError."""
    found = getattr(transaction, "connection", transaction)
    if not isinstance(found, sqlite3.Connection):
        raise TypeError(f"{type(transaction).__name__} is no transaction of an SQLite file; use its own store's outbox")
    return found


def _migrate(connection: sqlite3.Connection, migrations: Migrations) -> None:
    """Add the columns that tables of an earlier version lack, all of them or none."""
    connection.execute("BEGIN IMMEDIATE")  # of two processes that start at once, one does it
    for (table, column), script in migrations.items():
        known = _columns(connection, table)
        if known and column not in known:
            for statement in script.split(";"):
                connection.execute(statement)
    connection.execute("COMMIT")


def _require_columns(connection: sqlite3.Connection, path: Path, schemas: Iterable[str]) -> None:
    """Raise sqlite3.DatabaseError where a table is not as the schemas make it."""
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript("\n".join(schemas))
        tables = [row[0] for row in fresh.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        wanted = {table: _columns(fresh, table) for table in tables}
    lacking = [f"{table}.{name}" for table in tables for name in sorted(wanted[table] - _columns(connection, table))]
    if lacking:
        raise sqlite3.DatabaseError(
            f"{path} is of an earlier version, and lacks {', '.join(lacking)}: migrate it, or start with another file"
        )


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def _roll_back(connection: sqlite3.Connection) -> bool:
    """Undo what was not committed, if there is anything; False if that fails: closing the connection undoes it too."""
    try:
        connection.rollback()
    except sqlite3.Error:
        _log.exception("a transaction could not be rolled back; its connection is closed")
        return False
    return True
