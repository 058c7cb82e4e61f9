"""Transactions: whatever fails, the next one finds the database as if nothing had been."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reference_impl.database import Database
from reference_impl.stage import MIGRATIONS, SCHEMAS

FULL = 2  # SQLite's "synchronous": what was committed outlives a power cut (https://www.sqlite.org/pragma.html)
SCHEMA = """
CREATE TABLE parents (id INTEGER PRIMARY KEY);
CREATE TABLE children (parent REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "stage.sqlite", SCHEMA)
    yield database
    database.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such mode")
def test_the_file_and_what_sqlite_keeps_beside_it_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        database = Database(tmp_path / "own.sqlite", SCHEMA)
        add(database, "parents", 1)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        database.close()
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("own.sqlite", "own.sqlite-wal", "own.sqlite-shm"), 0o600)


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


def test_every_connection_writes_a_commit_to_the_disk_before_it_is_answered(database: Database) -> None:
    with database.transaction() as first, database.reading() as second:
        assert first is not second
        for connection in (first, second):
            assert connection.execute("PRAGMA synchronous").fetchone()[0] == FULL
            assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


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


OLD = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO notes VALUES (1, 'kept');"
NEW = """
CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT, owner TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS notes_owner ON notes (owner);
"""
ADDS = {
    ("notes", "owner"): "ALTER TABLE notes ADD COLUMN owner TEXT NOT NULL DEFAULT ''; UPDATE notes SET owner = text"
}


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "old.sqlite")) as connection:
        connection.executescript(OLD)
    return tmp_path / "old.sqlite"


def test_a_file_of_an_earlier_version_gets_the_columns_that_it_lacks_once(old_file: Path) -> None:
    for _ in range(2):
        database = Database(old_file, NEW, migrations=ADDS)
        with database.transaction() as connection:
            assert [tuple(row) for row in connection.execute("SELECT * FROM notes")] == [(1, "kept", "kept")]
        database.close()


def test_a_file_that_no_migration_mends_is_refused_with_its_name_and_what_it_lacks(old_file: Path) -> None:
    with pytest.raises(sqlite3.DatabaseError, match=r"old\.sqlite is of an earlier version, and lacks notes\.owner"):
        Database(old_file, NEW.split(";")[0])


def test_a_migration_that_fails_changes_nothing(old_file: Path) -> None:
    broken = {("notes", "owner"): "ALTER TABLE notes ADD COLUMN owner TEXT; UPDATE nowhere SET x = 1"}
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        Database(old_file, NEW, migrations=broken)
    with closing(sqlite3.connect(old_file)) as connection:
        assert len(connection.execute("PRAGMA table_info(notes)").fetchall()) == 2


def test_a_stages_file_from_before_workspaces_and_bound_tokens_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "stage.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        before = "\n".join(SCHEMAS).replace("    owner TEXT NOT NULL\n", "")
        for column in ("thumbprint", "reference", "dpop_jkt"):
            before = before.replace(f",\n    {column} TEXT", "")
        connection.executescript(before.replace("subject TEXT NOT NULL,\n);", "subject TEXT NOT NULL\n);"))
        connection.execute("INSERT INTO sync_groups VALUES ('group', 'sub-1')")
        connection.commit()
    database = Database(path, *SCHEMAS, migrations=MIGRATIONS)
    with database.transaction() as connection:
        assert tuple(connection.execute("SELECT * FROM sync_groups").fetchone()) == ("group", "sub-1", "sub-1")
        assert connection.execute("SELECT thumbprint, reference FROM grants").fetchall() == []
        for table in ("logins", "codes"):
            assert connection.execute(f"SELECT dpop_jkt FROM {table}").fetchall() == []
    database.close()
