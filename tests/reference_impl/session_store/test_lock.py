from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reference_impl.session_store.errors import BackEndTimedOut, BackEndUnavailable
from reference_impl.session_store.lock import FileLock, state_folder

# Takes the lock, says so, and keeps it until its input ends.
_HOLDER = """
import sys
from pathlib import Path
from reference_impl.session_store.lock import FileLock
with FileLock(Path(sys.argv[1]), 10).held():
    print("held", flush=True)
    sys.stdin.read()
"""


def can_be_had(lock: FileLock) -> bool:
    """Whether another holder gets the lock within its time limit."""
    try:
        with lock.held():
            return True
    except BackEndTimedOut:
        return False


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "lock"


def test_a_thread_may_take_the_lock_again_while_it_holds_it(path: Path) -> None:
    lock, other = FileLock(path, 1), FileLock(path, 0.1)
    with lock.held():
        with lock.held():
            assert not can_be_had(other)
        assert not can_be_had(other), "the first of the two still holds it"
    assert can_be_had(other)


def test_another_process_waits_and_a_killed_holder_gives_the_lock_back(path: Path) -> None:
    command = [sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BackEndTimedOut, match="another process"), FileLock(path, 0.1).held():
            pass
        holder.kill()
        with FileLock(path, 10).held():
            pass


def test_a_thread_that_waits_too_long_is_told(path: Path) -> None:
    lock, failures = FileLock(path, 0.1), []

    def wait() -> None:
        try:
            with lock.held():
                pass
        except BackEndTimedOut as error:
            failures.append(str(error))

    with lock.held():
        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join(10)
    assert "another thread" in failures[0]


def test_a_place_where_no_lock_can_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackEndUnavailable, match="cannot be opened"), FileLock(tmp_path / "file" / "lock", 1).held():
        pass


def test_an_application_of_any_name_has_a_folder_of_its_own_in_the_users_home() -> None:
    home = {"HOME": "/home/user"}
    assert state_folder("app", home, "linux") == Path("/home/user/.local/state/app")
    assert state_folder("../x", {**home, "XDG_STATE_HOME": "/state"}, "linux") == Path("/state/..%2fx")
    assert state_folder("app", home, "darwin") == Path("/home/user/Library/Application Support/app")
    assert state_folder("app", {**home, "LOCALAPPDATA": "/local"}, "win32") == Path("/local/app")
