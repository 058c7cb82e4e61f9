"""Rotation by real processes on one SQLite file: killed at any moment, and many at once."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.reference_impl.issuer.rotating import begin, held, note, open_store, rotate

CHECKOUT = Path(__file__).resolve().parents[3]
KILLS, ROTATIONS = 8, 200
AT_ONCE = 16
PATIENCE = 120.0  # seconds; processes start slowly on a machine that has much to do


def start(database: Path, ledger: Path, *how: str) -> subprocess.Popen[str]:
    module = "tests.reference_impl.issuer.rotating"
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(database), str(ledger), *how],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def generations(database: Path) -> list[tuple[int, bool]]:
    """Each generation of the one family, and whether it was rotated."""
    with closing(sqlite3.connect(database)) as connection:
        sql = "SELECT generation, rotated_at IS NOT NULL FROM refresh_tokens ORDER BY generation"
        return [(row[0], bool(row[1])) for row in connection.execute(sql)]


def assert_one_line(database: Path) -> int:
    """Every generation but the newest was rotated, none is missing and none is there twice; return how many."""
    found = generations(database)
    assert [generation for generation, _ in found] == list(range(len(found)))
    assert [rotated for _, rotated in found] == [True] * (len(found) - 1) + [False]
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM grants WHERE ended_at IS NOT NULL").fetchone()[0] == 0
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    return len(found)


def wait_for(database: Path, least: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(generations(database)) < least:
        assert time.monotonic() < deadline, "the process does not rotate"
        time.sleep(0.001)


@pytest.mark.parametrize("seed", [11])
def test_kill_9_during_200_rotations_loses_no_family_and_forks_none(tmp_path: Path, seed: int) -> None:
    database, ledger, moments = tmp_path / "state.sqlite", tmp_path / "ledger", random.Random(seed)
    store = open_store(database)
    note(ledger, f"token {begin(store)}")
    for kill in range(1, KILLS + 1):
        process = start(database, ledger, "rotate")
        wait_for(database, 1 + kill * ROTATIONS // KILLS - moments.randrange(10))
        time.sleep(moments.uniform(0.0, 0.01))
        process.kill()
        process.wait()
        assert_one_line(database)
        if process.stdout is not None:
            process.stdout.close()
    last = rotate(store, held(ledger))  # what the client holds is good, whatever answer the last kill has lost
    assert rotate(store, last.refresh_token).retry is False
    assert assert_one_line(database) > ROTATIONS - 10
    store.close()


def test_16_processes_that_refresh_one_token_at_once_end_with_one_successor(tmp_path: Path) -> None:
    database, ledger, go = tmp_path / "state.sqlite", tmp_path / "ledger", tmp_path / "go"
    store = open_store(database)
    note(ledger, f"token {begin(store)}")
    processes = [start(database, ledger, "once", str(go)) for _ in range(AT_ONCE)]
    go.touch()
    answers = {process.communicate(timeout=PATIENCE)[0].strip() for process in processes}
    assert {process.returncode for process in processes} == {0}
    assert len(answers) == 1
    assert assert_one_line(database) == 2
    assert rotate(store, answers.pop()).retry is False
    store.close()
