"""Sign-ins are brought from local storage, files and memory to a better store; the newest counts, one copy is left."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from reference_impl.session_store import KeyFile, NotFound, SessionStore, StorageStatus, StoreChain
from reference_impl.session_store.encrypted_file import EncryptedFileBackEnd, EncryptedFiles
from reference_impl.session_store.errors import BackEndUnavailable
from reference_impl.session_store.local_storage import LocalStorage, LocalStorageSource
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.migration import migrate
from reference_impl.session_store.model import Entry
from reference_impl.session_store.values import Kept, encode

ADDRESS = ("dev", "alice", "refresh_token")
TOKEN, PROFILE = Entry("app", *ADDRESS), Entry("app", "dev", "alice", "profile")
KEYS = {"auth.refresh": ADDRESS, "auth.name": ("dev", "alice", "profile")}


class Killed(BaseException):
    """The process ends before this operation."""


class Failing(MemoryBackEnd):
    """Fails, or ends, before its n-th operation from now on."""

    left: int | None = None
    error: BaseException = BackEndUnavailable("it fails")

    def write(self, entry: Entry, stored: str) -> None:
        self._count()
        super().write(entry, stored)

    def read(self, entry: Entry) -> str:
        self._count()
        return super().read(entry)

    def delete(self, entry: Entry) -> None:
        self._count()
        super().delete(entry)

    def _count(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise self.error


def store_over(back_end: MemoryBackEnd) -> SessionStore:
    return SessionStore("app", back_end, StorageStatus("secure", back_end.name))


@pytest.fixture
def exported(tmp_path: Path) -> LocalStorage:
    path = tmp_path / "local-storage.json"
    path.write_text(json.dumps({"auth.refresh": "legacy-token", "auth.name": "Alice", "theme": "dark"}))
    return LocalStorage(path, KEYS)


def test_what_lay_in_local_storage_is_kept_as_imported_and_removed_from_the_file(exported: LocalStorage) -> None:
    store = store_over(MemoryBackEnd())
    moved = migrate(LocalStorageSource(exported, "app"), store)
    assert [one.outcome for one in moved] == ["moved", "moved"]
    assert store.look(*ADDRESS).value == "legacy-token"
    assert store.look(*ADDRESS).imported
    assert json.loads(exported.path.read_text()) == {"theme": "dark"}
    store.set(*ADDRESS, "rotated")
    assert not store.look(*ADDRESS).imported
    assert migrate(LocalStorageSource(exported, "app"), store) == ()


def test_the_file_goes_with_the_last_of_its_texts(exported: LocalStorage) -> None:
    exported.path.write_text('{"auth.refresh": "legacy-token"}')
    migrate(LocalStorageSource(exported, "app"), store_over(MemoryBackEnd()))
    assert not list(exported.path.parent.iterdir())


@pytest.mark.parametrize(("age", "value", "outcome"), [(10, "secure", "older"), (-10, "legacy-token", "moved")])
def test_the_newest_value_counts_and_the_older_one_is_gone(
    exported: LocalStorage, age: int, value: str, outcome: str
) -> None:
    store = store_over(MemoryBackEnd())
    store.set(*ADDRESS, "secure")
    written = store.look(*ADDRESS).generation / 1000 - age
    os.utime(exported.path, (written, written))
    moved = {one.entry: one.outcome for one in migrate(LocalStorageSource(exported, "app"), store)}
    assert moved[TOKEN] == outcome
    assert store.get(*ADDRESS) == value
    assert "legacy-token" not in exported.path.read_text()


@pytest.mark.parametrize("count", range(12))
@pytest.mark.parametrize("error", [BackEndUnavailable("it fails"), Killed()], ids=["failure", "kill"])
@pytest.mark.parametrize("broken", ["source", "target"])
def test_after_a_failure_or_kill_at_any_step_a_copy_is_left_and_the_next_start_completes_it(
    count: int, error: BaseException, broken: str
) -> None:
    source, target = Failing(), Failing()
    for entry, value in ((TOKEN, "newest"), (PROFILE, "Alice")):
        source.write(entry, encode(Kept(value, 5)))
    failing = source if broken == "source" else target
    failing.left, failing.error = count, error
    with suppress(Killed):
        migrate(source, store_over(target))
    failing.left = None
    assert TOKEN in {*source.entries(), *target.entries()}
    migrate(source, store_over(target))
    assert source.entries() == ()
    assert store_over(target).look(*ADDRESS) == Kept("newest", 5)
    assert store_over(target).get("dev", "alice", "profile") == "Alice"


def test_a_file_that_is_no_export_is_left_alone_and_told(exported: LocalStorage) -> None:
    exported.path.write_text("[1]")
    [failed] = migrate(LocalStorageSource(exported, "app"), store_over(MemoryBackEnd()))
    assert failed.outcome == "failed"
    assert exported.path.read_text() == "[1]"


OpenChain = Callable[..., SessionStore]


@pytest.fixture
def chain(private: Mapping[str, str], tmp_path: Path) -> StoreChain:
    """A chain whose system store is a sound one, over files with a key file."""
    files = EncryptedFiles(KeyFile(tmp_path / "keys" / "key"), tmp_path / "vault")
    plain = StoreChain("app", private, time_limit=10, log=lambda fields: None, refuse_name=lambda name: None)
    return replace(plain, encrypted_files=files, candidates=lambda: ("defective.Sound",))


def without_system(chain: StoreChain, **changes: object) -> StoreChain:
    return replace(chain, candidates=lambda: (), **changes)  # type: ignore[arg-type]


def test_what_files_hold_is_brought_to_the_systems_store_when_it_is_there(chain: StoreChain) -> None:
    without = without_system(chain).open()
    without.set(*ADDRESS, "kept in a file")
    store = chain.open()
    assert store.status().mode == "secure"
    assert store.get(*ADDRESS) == "kept in a file"
    assert [one.outcome for one in store.moved] == ["moved"]
    assert chain.encrypted_files is not None
    assert chain.encrypted_files.folder is not None
    assert EncryptedFileBackEnd(chain.encrypted_files.folder, chain.encrypted_files.key).entries() == ()
    store.close()


@pytest.mark.parametrize("files", [True, False], ids=["encrypted-file", "memory-only"])
def test_a_running_store_goes_on_in_the_systems_store_once_that_has_come_back(chain: StoreChain, files: bool) -> None:
    back = False
    changes = {} if files else {"encrypted_files": None}
    waiting = replace(chain, candidates=lambda: ("defective.Sound",) if back else (), **changes)  # type: ignore[arg-type]
    store = waiting.open()
    store.set(*ADDRESS, "newest")
    assert store.recover() == ()
    assert store.status().warning is not None
    back = True
    assert [one.outcome for one in store.recover()] == ["moved"]
    assert store.status() == StorageStatus("secure", "defective.Sound")
    assert store.get(*ADDRESS) == "newest"
    store.close()
    again = waiting.open()
    assert again.get(*ADDRESS) == "newest"
    again.close()


def test_a_newer_value_in_memory_replaces_a_stale_one_in_the_systems_store(chain: StoreChain) -> None:
    secure = chain.open()
    secure.set(*ADDRESS, "stale")
    secure.close()
    back = False
    store = replace(chain, encrypted_files=None, candidates=lambda: ("defective.Sound",) if back else ()).open()
    store.set(*ADDRESS, "newer")
    back = True
    store.recover()
    assert store.get(*ADDRESS) == "newer"
    store.close()


def test_a_store_that_comes_back_and_fails_leaves_everything_where_it_is(chain: StoreChain) -> None:
    back = False
    store = replace(
        chain, encrypted_files=None, candidates=lambda: ("defective.Sound",) if back else (),
    ).open()  # fmt: skip
    store.set(*ADDRESS, "newest")
    back = True
    store._reopen = lambda: store_over_failing()
    [failed] = store.recover()
    assert failed.outcome == "failed"
    assert store.get(*ADDRESS) == "newest"
    assert store.status().mode == "memory-only"


def store_over_failing() -> SessionStore:
    failing = Failing()
    failing.left = 0
    return store_over(failing)


def test_plain_text_is_not_touched_where_there_is_no_store_for_it(chain: StoreChain, exported: LocalStorage) -> None:
    before = exported.path.read_text()
    store = without_system(chain, encrypted_files=None, local_storage=exported).open()
    assert exported.path.read_text() == before
    with pytest.raises(NotFound):
        store.get(*ADDRESS)
    brought = without_system(chain, local_storage=exported).open()
    assert brought.get(*ADDRESS) == "legacy-token"
    assert "legacy-token" not in exported.path.read_text()
