"""Every call ends within its time limit, whatever hangs and whoever else waits."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reference_impl.session_store import keyring_back_end
from reference_impl.session_store.errors import BackEndLocked, BackEndTimedOut, BackEndUnavailable
from reference_impl.session_store.keyring_back_end import Worker
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.model import StorageStatus
from reference_impl.session_store.store import SessionStore

LIMIT = 0.5  # seconds
LOADED = 20.0  # seconds that a loaded machine may take for anything
THREADS = 60  # which, one after the other, would take longer than that


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker whose process reads nothing and answers nothing."""
    script = tmp_path / "worker.py"
    script.write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setattr(keyring_back_end, "_WORKER", script)
    worker = Worker(os.environ, LIMIT)
    yield worker
    worker.close()


def in_time(act: Callable[[], object]) -> BaseException | None:
    """Call it in a thread that may hang; return what it raised."""
    with_result = ThreadPoolExecutor(1)
    try:
        return with_result.submit(act).exception(LOADED)
    finally:
        with_result.shutdown(wait=False)


def test_a_request_larger_than_a_pipe_to_a_process_that_hangs_is_given_up(hanging: Worker) -> None:
    large = "x" * 1_000_000
    assert isinstance(in_time(lambda: hanging.call(op="write", back_end="any", password=large)), BackEndTimedOut)


def test_whoever_waits_for_others_calls_waits_no_longer_than_for_one_of_its_own(hanging: Worker) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        calls = [pool.submit(hanging.call, op="read", back_end="any") for _ in range(THREADS)]
        assert {type(call.exception()) for call in calls} == {BackEndTimedOut}
    assert time.monotonic() - began < LOADED


def test_after_a_process_was_killed_the_next_call_has_a_new_one(
    hanging: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BackEndTimedOut):
        hanging.call(op="read", back_end="any")
    answers = tmp_path / "answers.py"
    answers.write_text('import sys\nfor line in sys.stdin: print(\'{"ok": "there"}\', flush=True)\n')
    monkeypatch.setattr(keyring_back_end, "_WORKER", answers)
    hanging._time_limit = LOADED
    assert [hanging.call(op="read", back_end="any", password="x" * 1_000_000) for _ in range(2)] == ["there", "there"]


def test_a_process_that_ends_by_itself_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "worker.py"
    script.write_text("import sys\nsys.stdin.readline()\n")
    monkeypatch.setattr(keyring_back_end, "_WORKER", script)
    worker = Worker(os.environ, LOADED)
    with pytest.raises(BackEndUnavailable, match="ended"):
        worker.call(op="read", back_end="any")
    worker.close()


def test_whoever_asks_while_another_thread_tries_a_locked_store_gives_up_in_time() -> None:
    trying, go_on = threading.Event(), threading.Event()

    def settle() -> None:
        trying.set()
        assert go_on.wait(LOADED)

    status = StorageStatus("locked", "a store that hangs")
    store = SessionStore("app", MemoryBackEnd(), status, settle=settle, time_limit=LIMIT)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.get, "dev", "alice", "refresh_token")
        assert trying.wait(LOADED)
        second = pool.submit(store.get, "dev", "alice", "refresh_token")
        try:
            assert isinstance(second.exception(LOADED / 2), BackEndTimedOut)
        finally:
            go_on.set()
        assert isinstance(first.exception(LOADED), BackEndLocked)
