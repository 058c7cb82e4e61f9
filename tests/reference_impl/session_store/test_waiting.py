"""What could not be brought to the store is read where it lies, until it can be, or is replaced."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from reference_impl.session_store import NotFound, SessionStore, StorageStatus, StoreChain
from reference_impl.session_store.errors import BackEndLocked, BackEndUnavailable
from reference_impl.session_store.local_storage import LocalStorage, LocalStorageSource
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.migration import failures, migrate
from reference_impl.session_store.model import BackEnd, Entry, Moved, Settled
from reference_impl.session_store.values import Kept, encode
from reference_impl.session_store.waiting import Waiting

ADDRESS = ("dev", "alice", "refresh_token")
TOKEN = Entry("app", *ADDRESS)
SECURE = StorageStatus("secure", "memory")


class Moody(MemoryBackEnd):
    """Fails in what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: set[str] = set()

    def write(self, entry: Entry, stored: str) -> None:
        self._meet("write")
        super().write(entry, stored)

    def delete(self, entry: Entry) -> None:
        self._meet("delete")
        super().delete(entry)

    def _meet(self, what: str) -> None:
        if what in self.fails:
            raise BackEndUnavailable(f"it does not {what}")


@pytest.fixture
def source() -> Moody:
    source = Moody()
    source.write(TOKEN, encode(Kept("newest", 5, imported=True)))
    return source


@pytest.fixture
def target() -> Moody:
    return Moody()


@pytest.fixture
def store(source: Moody, target: Moody) -> SessionStore:
    def bring(store: SessionStore, waiting: Waiting) -> tuple[Moved, ...]:
        moved = migrate(source, store)
        waiting.note(source, failures(moved))
        return moved

    return SessionStore("app", target, SECURE, bring=bring)


def test_a_value_that_could_not_be_brought_is_read_where_it_lies_and_the_user_is_told(
    store: SessionStore, source: Moody, target: Moody
) -> None:
    target.fails = {"write"}
    store.bring()
    assert store.look(*ADDRESS) == Kept("newest", 5, imported=True)
    assert store.items("dev", "alice") == ("refresh_token",)
    assert store.unsettled
    assert store.status().warning is not None
    target.fails = set()
    assert [one.outcome for one in store.recover()] == ["moved"]
    assert not store.unsettled
    assert source.entries() == ()
    store.set("dev", "alice", "profile", "Alice")
    assert store.status() == SECURE


def test_what_is_here_and_newer_counts_more_than_what_waits(store: SessionStore, target: Moody) -> None:
    target.write(TOKEN, encode(Kept("stale", 4)))
    target.fails = {"write"}
    store.bring()
    assert store.get(*ADDRESS) == "newest"
    target.fails = set()
    target.write(TOKEN, encode(Kept("newer still", 6)))
    assert store.get(*ADDRESS) == "newer still"


def test_a_damaged_value_here_does_not_hide_what_waits(store: SessionStore, target: Moody) -> None:
    target.write(TOKEN, "no form of this store")
    target.fails = {"write"}
    store.bring()
    assert store.get(*ADDRESS) == "newest"


def test_a_value_that_replaces_it_removes_what_waits(store: SessionStore, source: Moody, target: Moody) -> None:
    target.fails = {"write"}
    store.bring()
    target.fails = set()
    store.set(*ADDRESS, "its successor")
    assert source.entries() == ()
    assert store.get(*ADDRESS) == "its successor"
    assert store.status() == SECURE


def test_a_value_that_is_set_counts_at_once_where_the_clock_is_behind_what_waits(source: Moody, target: Moody) -> None:
    def bring(store: SessionStore, waiting: Waiting) -> tuple[Moved, ...]:
        moved = migrate(source, store)
        waiting.note(source, failures(moved))
        return moved

    store = SessionStore("app", target, SECURE, bring=bring, now=lambda: 0.001)
    target.fails, source.fails = {"write"}, {"delete"}
    store.bring()
    target.fails = set()
    store.set(*ADDRESS, "its successor")
    assert store.look(*ADDRESS) == Kept("its successor", 6)


def test_what_could_not_be_removed_stays_older_than_its_successor(store: SessionStore, source: Moody) -> None:
    source.fails = {"delete"}
    store.bring()
    store.set(*ADDRESS, "its successor")
    assert store.get(*ADDRESS) == "its successor"
    assert store.unsettled
    source.fails = set()
    assert [one.outcome for one in store.recover()] == ["older"]
    assert source.entries() == ()


def test_a_sign_out_removes_what_waits_or_says_that_it_could_not(
    store: SessionStore, source: Moody, target: Moody
) -> None:
    target.fails, source.fails = {"write"}, {"delete"}
    store.bring()
    with pytest.raises(BackEndUnavailable):
        store.clear("dev", "alice")
    assert store.items("dev", "alice") == ("refresh_token",)
    source.fails = set()
    store.clear("dev", "alice")
    assert store.items("dev", "alice") == ()
    with pytest.raises(NotFound):
        store.get(*ADDRESS)
    assert source.entries() == ()


def test_a_write_that_went_wrong_is_made_again(store: SessionStore, source: Moody, target: Moody) -> None:
    target.write(TOKEN, encode(Kept("newesx", 5)))
    store.bring()
    assert store.look(*ADDRESS) == Kept("newest", 5, imported=True)
    assert source.entries() == ()


def test_what_lies_elsewhere_is_brought_once_a_locked_store_is_unlocked(source: Moody) -> None:
    class Lockable(MemoryBackEnd):
        locked = True

        def read(self, entry: Entry) -> str:
            if self.locked:
                raise BackEndLocked("it is locked")
            return super().read(entry)

    back_end: BackEnd = (lockable := Lockable())

    def bring(store: SessionStore, waiting: Waiting) -> tuple[Moved, ...]:
        return migrate(source, store)

    store = SessionStore(
        "app", back_end, StorageStatus("locked", "memory"), bring=bring,
        settle=lambda: None if lockable.locked else Settled(back_end, SECURE, None),
    )  # fmt: skip
    assert store.bring() == ()
    with pytest.raises(BackEndLocked):
        store.get(*ADDRESS)
    lockable.locked = False
    assert store.get(*ADDRESS) == "newest"
    assert source.entries() == ()


@pytest.fixture
def profile(tmp_path: Path) -> LocalStorage:
    logs = tmp_path / "Local Storage"
    (logs / "leveldb").mkdir(parents=True)
    (logs / "leveldb" / "000003.log").write_text("legacy-token")
    (tmp_path / "local-storage.json").write_text(json.dumps({"auth": "legacy-token", "name": "Alice", "theme": "dark"}))
    keys = {"auth": ADDRESS, "name": ("dev", "alice", "profile")}
    return LocalStorage(tmp_path / "local-storage.json", keys, (logs,))


def test_the_browsers_folders_go_with_the_last_of_the_sign_ins(profile: LocalStorage) -> None:
    source = LocalStorageSource(profile, "app")
    source.delete(TOKEN)
    assert profile.browser[0].exists()
    source.delete(Entry("app", "dev", "alice", "profile"))
    assert not profile.browser[0].exists()
    assert json.loads(profile.path.read_text()) == {"theme": "dark"}


def test_what_a_crash_has_left_of_them_goes_at_the_next_start(profile: LocalStorage) -> None:
    profile.path.write_text('{"theme": "dark"}')
    unfinished = profile.path.with_name(profile.path.name + ".unfinished")
    unfinished.write_text("legacy-token")
    assert LocalStorageSource(profile, "app").entries() == ()
    assert not profile.browser[0].exists()
    assert not unfinished.exists()


def test_an_entry_that_it_does_not_know_is_not_there(profile: LocalStorage) -> None:
    source = LocalStorageSource(profile, "app")
    for attempt in (source.read, source.delete):
        with pytest.raises(NotFound):
            attempt(Entry("app", "prod", "alice", "refresh_token"))


def test_plain_text_is_brought_when_the_systems_store_has_come_back(
    private: Mapping[str, str], profile: LocalStorage
) -> None:
    chain = StoreChain("app", private, time_limit=10, log=lambda fields: None, refuse_name=lambda name: None)
    back = False
    store = replace(chain, local_storage=profile, candidates=lambda: ("defective.Sound",) if back else ()).open()
    with pytest.raises(NotFound):
        store.get(*ADDRESS)
    back = True
    store.recover()
    assert store.get(*ADDRESS) == "legacy-token"
    assert "legacy-token" not in profile.path.read_text()
    store.close()
