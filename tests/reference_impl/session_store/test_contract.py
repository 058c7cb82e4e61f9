"""The contract of every back end: one suite, run by each of them."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reference_impl.session_store import (
    ItemDamaged,
    KeyFile,
    NotFound,
    Passphrase,
    SessionStore,
    StorageStatus,
    TooLarge,
    ValueRefused,
)
from reference_impl.session_store.acceptance import MACOS, SECRET_SERVICE, WINDOWS
from reference_impl.session_store.encrypted_file import EncryptedFileBackEnd
from reference_impl.session_store.keyring_back_end import KeyringBackEnd, Worker
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.model import LARGEST, BackEnd, Entry, Limit

VALUES = (
    "",
    "x",
    "a" * 4096,
    "\U0001f511 \u00e9",
    "a\n\"b\"\r\n'c' ",
    "  outer  ",
    b"",
    b"\x00\xff",
    bytes(range(256)),
)


class BackEndContract:
    """What a session store promises over any back end. A new back end subclasses this and gives ``back_end``."""

    @pytest.fixture
    def back_end(self) -> BackEnd:
        raise NotImplementedError("each back end gives its own")

    @pytest.fixture
    def store(self, back_end: BackEnd) -> SessionStore:
        return SessionStore(f"contract-{secrets.token_hex(4)}", back_end, StorageStatus("secure", back_end.name))

    @pytest.mark.parametrize("value", VALUES, ids=repr)
    def test_exactly_what_was_set_is_returned(self, store: SessionStore, value: str | bytes) -> None:
        store.set("dev", "alice", "refresh_token", value)
        assert store.get("dev", "alice", "refresh_token") == value

    def test_the_last_value_that_was_set_counts(self, store: SessionStore) -> None:
        for value in ("first", "second"):
            store.set("dev", "alice", "refresh_token", value)
        assert store.get("dev", "alice", "refresh_token") == "second"

    def test_an_item_that_was_never_set_is_not_found(self, store: SessionStore) -> None:
        with pytest.raises(NotFound):
            store.get("dev", "alice", "refresh_token")

    def test_a_cleared_item_is_not_found_and_clearing_twice_is_no_error(self, store: SessionStore) -> None:
        store.set("dev", "alice", "refresh_token", "secret")
        store.clear("dev", "alice")
        store.clear("dev", "alice")
        with pytest.raises(NotFound):
            store.get("dev", "alice", "refresh_token")
        store.set("dev", "alice", "refresh_token", "again")
        assert store.get("dev", "alice", "refresh_token") == "again"

    def test_clearing_one_account_leaves_every_other_account_and_stage(self, store: SessionStore) -> None:
        others = [("dev", "Alice"), ("dev", "alice/refresh_token"), ("dev", "bob"), ("prod", "alice")]
        for stage, account in (("dev", "alice"), *others):
            store.set(stage, account, "refresh_token", f"{stage} {account}")
        store.clear("dev", "alice")
        for stage, account in others:
            assert store.get(stage, account, "refresh_token") == f"{stage} {account}"

    def test_the_documented_names_of_what_is_stored_are_listed(self, store: SessionStore) -> None:
        assert store.items("dev", "alice") == ()
        store.set("dev", "alice", "profile", "Alice")
        assert store.items("dev", "alice") == ("profile",)

    @pytest.mark.parametrize(
        "value",
        ["a\0b", "\ud800", "a" * 70_000, None, 7, bytearray(b"a")],
        ids=["NUL", "surrogate", "too large", "None", "a number", "bytes that change"],
    )
    def test_a_value_that_cannot_round_trip_is_refused_and_the_old_one_stays(
        self, store: SessionStore, value: Any
    ) -> None:
        store.set("dev", "alice", "refresh_token", "old")
        with pytest.raises(ValueRefused):
            store.set("dev", "alice", "refresh_token", value)
        with pytest.raises(ValueRefused):
            store.update("dev", "alice", "refresh_token", lambda old: value)
        assert store.status().warning is None, "the store is well"
        assert store.get("dev", "alice", "refresh_token") == "old"

    @pytest.mark.parametrize("size", [1279, 1280, 2560, LARGEST])
    @pytest.mark.parametrize("letter", ["a", "\U0001f511"])
    def test_a_value_beyond_a_limit_comes_back_whole_or_is_refused_as_too_large(
        self, store: SessionStore, letter: str, size: int
    ) -> None:
        store.set("dev", "alice", "refresh_token", "old")
        try:
            store.set("dev", "alice", "refresh_token", letter * size)
        except TooLarge:
            assert len((letter * size).encode()) > LARGEST
            assert store.get("dev", "alice", "refresh_token") == "old"
        else:
            assert store.get("dev", "alice", "refresh_token") == letter * size
        store.clear("dev", "alice")
        assert store.items("dev", "alice") == ()

    def test_an_update_sees_what_is_there_and_replaces_it(self, store: SessionStore) -> None:
        for expected in ("None and more", "None and more and more"):
            store.update("dev", "alice", "refresh_token", lambda old: f"{old!s} and more")
            assert store.get("dev", "alice", "refresh_token") == expected

    def test_every_set_is_of_a_later_generation_whatever_the_clock_says(self, back_end: BackEnd) -> None:
        times = [2000.0, 2000.0, 1000.0, 3000.0]  # it goes on, stands still, and is set back
        store = SessionStore(
            f"contract-{secrets.token_hex(4)}", back_end, StorageStatus("secure", back_end.name), now=times.pop
        )
        generations = []
        for value in ("first", "second", "third", "fourth"):
            store.set("dev", "alice", "refresh_token", value)
            generations.append(store.look("dev", "alice", "refresh_token").generation)
        assert generations == [3_000_000, 3_000_001, 3_000_002, 3_000_003]

    def test_an_entry_of_another_program_is_reported_as_damaged(self, store: SessionStore, back_end: BackEnd) -> None:
        back_end.write(Entry(store.app, "dev", "alice", "refresh_token"), "written by somebody else")
        with pytest.raises(ItemDamaged):
            store.get("dev", "alice", "refresh_token")

    def test_deleting_what_is_not_there_is_not_found(self, back_end: BackEnd) -> None:
        with pytest.raises(NotFound):
            back_end.delete(Entry("contract", "dev", "nobody", "refresh_token"))


class TestMemory(BackEndContract):
    @pytest.fixture
    def back_end(self) -> BackEnd:
        return MemoryBackEnd()


class TestMemoryOfSmallEntries(BackEndContract):
    """As Windows' entries are."""

    @pytest.fixture
    def back_end(self) -> BackEnd:
        memory = MemoryBackEnd()
        memory.limit = Limit(2_560, "utf-16-le")
        return memory


class TestEncryptedFileWithPassphrase(BackEndContract):
    @pytest.fixture
    def back_end(self, tmp_path: Path) -> BackEnd:
        return EncryptedFileBackEnd(tmp_path / "vault", Passphrase("correct horse battery staple"))


class TestEncryptedFileWithKeyFile(BackEndContract):
    @pytest.fixture
    def back_end(self, tmp_path: Path) -> BackEnd:
        return EncryptedFileBackEnd(tmp_path / "vault", KeyFile(tmp_path / "key" / "vault.key"))


@pytest.fixture(scope="module")
def worker(secret_service: dict[str, str]) -> Iterator[Worker]:
    worker = Worker(secret_service, time_limit=10)
    yield worker
    worker.close()


class TestSecretService(BackEndContract):
    @pytest.fixture
    def back_end(self, worker: Worker) -> BackEnd:
        return KeyringBackEnd(SECRET_SERVICE, worker)


class OfThisUser(BackEndContract):
    """A store of the system that has one for each user: every test clears what it set."""

    @pytest.fixture
    def store(self, back_end: BackEnd) -> Iterator[SessionStore]:
        store = SessionStore(f"contract-{secrets.token_hex(4)}", back_end, StorageStatus("secure", back_end.name))
        yield store
        for stage, account in (
            ("dev", "alice"),
            ("dev", "Alice"),
            ("dev", "alice/refresh_token"),
            ("dev", "bob"),
            ("prod", "alice"),
        ):
            store.clear(stage, account)
        back_end.close()


@pytest.mark.skipif(sys.platform != "win32", reason="the Credential Locker is a store of Windows")
class TestCredentialLocker(OfThisUser):
    @pytest.fixture
    def back_end(self, private: dict[str, str]) -> BackEnd:
        return KeyringBackEnd(WINDOWS, Worker(private, time_limit=10))


@pytest.mark.skipif(sys.platform != "darwin", reason="the Keychain is a store of macOS")
class TestKeychain(OfThisUser):
    @pytest.fixture
    def back_end(self, private: dict[str, str]) -> BackEnd:
        # A home of its own has no login keychain: the environment is the user's, as it is for the application.
        return KeyringBackEnd(MACOS, Worker({**os.environ, "PYTHONPATH": private["PYTHONPATH"]}, time_limit=10))
