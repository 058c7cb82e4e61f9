from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from reference_impl.session_store import SessionStore, StorageStatus
from reference_impl.session_store.errors import BackEndTimedOut, BackEndUnavailable
from reference_impl.session_store.lock import FileLock, state_folder
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.values import Kept

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


def _keep_newest(store: SessionStore) -> None:
    store.keep_newest("dev", "alice", "refresh_token", Kept("new", generation=9_999_999_999_999))


WRITES: Mapping[str, Callable[[SessionStore], None]] = {
    "set": lambda store: store.set("dev", "alice", "refresh_token", "new"),
    "update": lambda store: store.update("dev", "alice", "refresh_token", lambda _: "new"),
    "clear": lambda store: store.clear("dev", "alice"),
    "keep_newest": _keep_newest,
}


@pytest.mark.parametrize("write", WRITES)
def test_whoever_writes_waits_for_the_writer_before(path: Path, write: str) -> None:
    status = StorageStatus("secure", "memory")
    store = SessionStore("app", MemoryBackEnd(), status, lock=FileLock(path, 0.1))
    store.set("dev", "alice", "refresh_token", "old")
    with FileLock(path, 1).held():
        with pytest.raises(BackEndTimedOut):
            WRITES[write](store)
        assert store.get("dev", "alice", "refresh_token") == "old", "to read, nobody waits"
    WRITES[write](store)
    assert ("refresh_token" in store.items("dev", "alice")) == (write != "clear")


def test_a_place_where_no_lock_can_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackEndUnavailable, match="cannot be opened"), FileLock(tmp_path / "file" / "lock", 1).held():
        pass


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system cannot refuse to follow a link")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_in_the_place_of_the_lock_is_not_followed(path: Path, tmp_path: Path, is_there: bool) -> None:
    target = tmp_path / "somebody's file"
    if is_there:
        target.write_text("")
    path.parent.mkdir()
    path.symlink_to(target)
    with pytest.raises(BackEndUnavailable, match="cannot be opened"), FileLock(path, 1).held():
        pass
    assert target.exists() == is_there


def test_an_application_of_any_name_has_a_folder_of_its_own_in_the_users_home() -> None:
    home = {"HOME": "/home/user"}
    assert state_folder("app", home, "linux") == Path("/home/user/.local/state/app")
    assert state_folder("../x", {**home, "XDG_STATE_HOME": "/state"}, "linux") == Path("/state/..%2fx")
    assert state_folder("app", home, "darwin") == Path("/home/user/Library/Application Support/app")
    assert state_folder("app", {**home, "LOCALAPPDATA": "/local"}, "win32") == Path("/local/app")
