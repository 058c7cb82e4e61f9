"""Transactions: whatever fails, the next one finds the database as if nothing had been."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_impl.database import Database

SCHEMA = """
CREATE TABLE parents (id INTEGER PRIMARY KEY);
CREATE TABLE children (parent REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "stage.sqlite", SCHEMA)
    yield database
    database.close()


def add(database: Database, table: str, value: int) -> None:
    with database.transaction() as connection:
        connection.execute(f"INSERT INTO {table} VALUES (?)", (value,))


def count(database: Database, table: str) -> int:
    with database.reading() as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_commit_that_fails_leaves_nothing_and_keeps_nobody_out(database: Database) -> None:
    committed: list[bool] = []
    database.after_commit(lambda: committed.append(True))
    with pytest.raises(sqlite3.IntegrityError):
        add(database, "children", 1)  # the constraint is deferred: only COMMIT finds that there is no such parent
    assert committed == []
    other = sqlite3.connect(database.path, timeout=0.1)
    other.execute("BEGIN IMMEDIATE")
    other.close()
    add(database, "parents", 7)
    assert (count(database, "parents"), count(database, "children")) == (1, 0)
    assert committed == [True]


def test_an_exception_in_a_transaction_undoes_it(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError), database.transaction() as connection:
        connection.executemany("INSERT INTO parents VALUES (?)", [(1,), (1,)])
    add(database, "parents", 2)
    assert count(database, "parents") == 1


def test_a_connection_that_cannot_roll_back_is_not_used_again(database: Database) -> None:
    with pytest.raises(sqlite3.ProgrammingError), database.transaction() as connection:
        connection.close()  # as a connection whose file fails under it: COMMIT and ROLLBACK both raise
    add(database, "parents", 1)
    assert count(database, "parents") == 1
