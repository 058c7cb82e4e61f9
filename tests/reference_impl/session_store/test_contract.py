"""The contract of every back end: one suite, run by each of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from reference_impl.session_store import ItemDamaged, NotFound, SessionStore, StorageStatus, ValueRefused
from reference_impl.session_store.acceptance import SECRET_SERVICE
from reference_impl.session_store.keyring_back_end import KeyringBackEnd, Worker
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.model import BackEnd, Entry

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

    @pytest.mark.parametrize("value", ["a\0b", "\ud800", "a" * 70_000], ids=["NUL", "surrogate", "too long"])
    def test_a_value_that_cannot_round_trip_is_refused_and_the_old_one_stays(
        self, store: SessionStore, value: str
    ) -> None:
        store.set("dev", "alice", "refresh_token", "old")
        with pytest.raises(ValueRefused):
            store.set("dev", "alice", "refresh_token", value)
        assert store.get("dev", "alice", "refresh_token") == "old"

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


@pytest.fixture(scope="module")
def worker(secret_service: dict[str, str]) -> Iterator[Worker]:
    worker = Worker(secret_service, time_limit=10)
    yield worker
    worker.close()


class TestSecretService(BackEndContract):
    @pytest.fixture
    def back_end(self, worker: Worker) -> BackEnd:
        return KeyringBackEnd(SECRET_SERVICE, worker)
