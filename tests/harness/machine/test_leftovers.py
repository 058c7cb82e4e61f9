from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.machine import leftovers
from harness.machine.leftovers import MARK, folder_of, new_run, owner_lives, sweep
from harness.machine.places import CHECKOUT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kill -9, and environments in /proc")

# A run with a child, and a grandchild in a session of its own.
RUN = """
import os, subprocess, time
from harness.machine.session import PrivateSession
session = PrivateSession.start()
subprocess.Popen(["sh", "-c", "setsid sleep 61 & wait"], env=dict(session.environment))
(session.home / "file").touch()
print(session.run, session._guardian.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def run(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "TMPDIR": str(temporary)}
    with subprocess.Popen([sys.executable, "-c", RUN], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name, guardian = process.stdout.readline().split()
        yield process, name, int(guardian)
        process.kill()


def eventually(holds: object, seconds: float = 10.0) -> bool:
    assert callable(holds)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


def test_a_run_killed_by_the_kernel_leaves_no_process_and_no_folder(
    run: tuple[subprocess.Popen[str], str, int], temporary: Path
) -> None:
    process, name, guardian = run
    assert eventually(lambda: len(leftovers.marked(name)) >= 2)
    process.kill()
    process.wait()

    assert eventually(lambda: not leftovers.marked(name) and not list(temporary.iterdir()))
    assert eventually(lambda: not psutil.pid_exists(guardian))


def test_the_next_run_clears_away_where_the_guardian_was_killed_too(
    run: tuple[subprocess.Popen[str], str, int], temporary: Path
) -> None:
    process, name, guardian = run
    os.kill(guardian, signal.SIGKILL)
    process.kill()
    process.wait()
    assert folder_of(name).exists()

    assert name in sweep()
    assert leftovers.marked(name) == []
    assert list(temporary.iterdir()) == []


def test_a_sweep_leaves_a_living_run_alone(run: tuple[subprocess.Popen[str], str, int]) -> None:
    _, name, _ = run
    assert eventually(lambda: len(leftovers.marked(name)) >= 2)
    before = {process.pid for process in leftovers.marked(name)}

    assert name not in sweep()
    assert folder_of(name).exists()
    assert eventually(lambda: before <= {process.pid for process in leftovers.marked(name)})


def test_processes_of_a_dead_run_are_ended_also_where_its_folder_is_gone(temporary: Path) -> None:
    orphan = subprocess.Popen(["sleep", "60"], env={**os.environ, MARK: "1999999999-1-dead"})

    assert "1999999999-1-dead" in sweep()
    assert orphan.wait(timeout=5) == -signal.SIGKILL


def test_a_process_without_the_mark_is_never_ended(temporary: Path) -> None:
    with subprocess.Popen(["sleep", "60"], env={"PATH": os.environ["PATH"], "OTHER": "1999999999-1-dead"}) as bystander:
        sweep()
        assert bystander.poll() is None
        bystander.kill()


def test_a_run_within_a_run_is_ended_with_the_outer_one(temporary: Path) -> None:
    inner = subprocess.Popen(["sleep", "60"], env={**os.environ, MARK: "1999999999-1-outer:1999999998-1-inner"})

    leftovers.end_processes("1999999999-1-outer")
    assert inner.wait(timeout=5) == -signal.SIGKILL


def test_a_folder_that_is_no_runs_is_not_touched(temporary: Path) -> None:
    (temporary / "authassay-run-notes").mkdir()
    (temporary / "elsewhere").mkdir()
    (temporary / "authassay-run-1999999999-1-link").symlink_to(temporary / "elsewhere")
    sweep()

    assert {place.name for place in temporary.iterdir()} == {
        "authassay-run-notes", "elsewhere", "authassay-run-1999999999-1-link",
    }  # fmt: skip


def test_this_process_owns_the_runs_that_it_names() -> None:
    assert owner_lives(new_run())


def test_another_process_with_the_number_of_a_dead_owner_is_not_taken_for_it() -> None:
    long_ago = int(psutil.Process().create_time()) - 86_400

    assert not owner_lives(f"{os.getpid()}-{long_ago}-dead")
