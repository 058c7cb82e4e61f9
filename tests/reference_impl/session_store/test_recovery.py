from __future__ import annotations

import threading

from reference_impl.session_store import SessionStore, StorageStatus
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.recovery import keep_looking

MEMORY, SECURE = StorageStatus("memory-only", "memory"), StorageStatus("secure", "system")


def test_the_systems_store_is_looked_for_until_it_has_come_back() -> None:
    looks, back = [], threading.Event()

    def reopen() -> SessionStore | None:
        looks.append("look")
        if len(looks) < 3:
            return None
        back.set()
        return SessionStore("app", MemoryBackEnd(), SECURE)

    store = SessionStore("app", MemoryBackEnd(), MEMORY, reopen=reopen)
    store.set("dev", "alice", "refresh_token", "newest")
    with keep_looking(store, first=0.001):
        assert back.wait(30)
        for _ in range(3000):
            if store.status() == SECURE:
                break
            threading.Event().wait(0.01)
    assert store.status() == SECURE
    assert store.get("dev", "alice", "refresh_token") == "newest"


def test_nothing_is_looked_for_where_all_is_well() -> None:
    def reopen() -> SessionStore | None:
        raise AssertionError("it was looked for")

    store = SessionStore("app", MemoryBackEnd(), SECURE, reopen=reopen)
    with keep_looking(store, first=0.0):
        pass
    assert store.recover() == ()
