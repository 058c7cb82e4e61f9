"""What becomes of a store whose keyring is locked: a real one, with a prompter that nobody gives the password."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reference_impl.session_store import BackEndLocked, NotFound, SessionStore, StoreChain
from reference_impl.session_store.errors import BackEndUnavailable
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.model import BackEnd, Entry, SelfTest, Step, StorageStatus
from tests.reference_impl.session_store.conftest import make_private

if TYPE_CHECKING:
    from harness.probes.own_keyring import OwnKeyring

own_keyring = pytest.importorskip("harness.probes.own_keyring", reason="a D-Bus is of Linux")

WHERE = ("dev", "alice", "refresh_token")


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[OwnKeyring]:
    if shutil.which("gnome-keyring-daemon") is None:
        pytest.skip("gnome-keyring is not installed (Debian: apt install gnome-keyring)")
    keyring = own_keyring.OwnKeyring(tmp_path / "bus", make_private(tmp_path))
    yield keyring
    keyring.stop()


@pytest.fixture
def chain(keyring: OwnKeyring, tmp_path: Path) -> StoreChain:
    return StoreChain("app", keyring.environment, time_limit=3, log=lambda fields: None)


def test_a_store_that_gets_locked_says_so_at_once_and_loses_nothing(keyring: OwnKeyring, chain: StoreChain) -> None:
    store = chain.open()
    store.set(*WHERE, "kept")
    keyring.lock(own_keyring.UNANSWERED)
    for attempt in (lambda: store.get(*WHERE), lambda: store.set(*WHERE, "new"), lambda: store.clear("dev", "alice")):
        with pytest.raises(BackEndLocked):
            attempt()
        assert store.status().mode == "locked"
    keyring.unlock()
    assert store.get(*WHERE) == "kept"
    assert "could not be stored" in getattr(store.status().warning, "consequence", "")
    store.close()


def test_a_store_that_is_locked_at_the_start_is_waited_for_and_tested_before_it_is_used(
    keyring: OwnKeyring, chain: StoreChain
) -> None:
    before = chain.open()
    before.set(*WHERE, "kept")
    before.close()
    keyring.lock(own_keyring.DISMISSED)
    store = chain.open()
    assert store.status().mode == "locked"
    with pytest.raises(BackEndLocked):
        store.unlock()
    keyring.unlock()
    assert store.get(*WHERE) == "kept"
    assert store.status() == StorageStatus("secure", store.status().back_end)
    assert [test.passed for test in store.self_tests] == [False, True]
    store.close()


def test_a_prompt_that_nobody_answers_leaves_the_store_locked_within_the_time_limit(
    keyring: OwnKeyring, chain: StoreChain
) -> None:
    store = replace(chain, time_limit=1.5).open()
    keyring.lock(own_keyring.UNANSWERED)
    with pytest.raises(BackEndLocked, match="nobody answered"):
        store.unlock()
    keyring.unlock()
    with pytest.raises(NotFound):
        store.get(*WHERE)
    assert store.status().mode == "secure"
    store.close()


class Locked(MemoryBackEnd):
    """A back end that is locked until it is told otherwise."""

    name = "lockable"
    locked = True

    def read(self, entry: Entry) -> str:
        if self.locked:
            raise BackEndLocked("locked")
        return super().read(entry)


def test_a_store_that_fails_its_test_after_the_unlocking_gives_way_to_memory(tmp_path: Path) -> None:
    failed = SelfTest("lockable", (Step("write", False, "it discards", 1.0),))
    logged: list[object] = []
    chain = StoreChain("app", make_private(tmp_path), log=logged.append, self_test=lambda app, writer, reader: failed)
    back_end: BackEnd = Locked()
    status = StorageStatus("locked", "lockable")
    store = SessionStore("app", back_end, status, settle=lambda: chain._settle(back_end))
    with pytest.raises(BackEndUnavailable):
        store.get(*WHERE)
    Locked.locked = False
    store.set(*WHERE, "for this run")
    assert store.status().mode == "memory-only"
    assert store.get(*WHERE) == "for this run"
    assert len(logged) == 1
