"""Faults of what a stored sign-in outlives, and of what a sign-out leaves of it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.faults.registry import fault
from harness.faults.store import Opens, behaving_as, in_data_home
from reference_impl.desktop.policy import SessionPolicy
from reference_impl.parts import Part
from reference_impl.session_store import NotFound, SessionStore, StoreChain
from reference_impl.session_store.model import Entry

SOON = 2.0  # seconds by which a write is put off
ASIDE = "-before"  # how the account is called under which a cleared item is kept


@fault("F-STORE-02-a", "STORE-02.E1", Part.SESSION_STORE)
def memory_is_used_although_there_is_a_secure_store(real: StoreChain) -> StoreChain:
    return replace(real, candidates=lambda: ())


class Wrapped:
    """A back end in whose place another one stands, but for what a fault changes."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class Lazy(Wrapped):
    """A back end that puts writes off, and answers reads from what it means to write."""

    def __init__(self, real: Any) -> None:
        super().__init__(real)
        self._meant: dict[Entry, str] = {}

    def write(self, entry: Entry, stored: str) -> None:
        if entry.stage == "self-test":
            self._real.write(entry, stored)
            return
        self._meant[entry] = stored
        threading.Thread(target=self._write_soon, args=(entry, stored), daemon=True).start()

    def read(self, entry: Entry) -> str:
        return self._meant[entry] if entry in self._meant else str(self._real.read(entry))

    def delete(self, entry: Entry) -> None:
        self._meant.pop(entry, None)
        self._real.delete(entry)

    def _write_soon(self, entry: Entry, stored: str) -> None:
        time.sleep(SOON)
        with suppress(Exception):  # the process may be ending
            self._real.write(entry, stored)


@fault("F-STORE-02-x1", "STORE-02.E2", Part.STORE_BACK_END)
def a_write_returns_before_it_is_made(real: Any) -> Any:
    return Lazy(real)


@fault("F-STORE-02-x2", "STORE-02.E3", Part.SESSION_POLICY)
def the_policy_names_no_deviation(real: SessionPolicy) -> SessionPolicy:
    return replace(real, deviation="", reason="")


@fault("F-STORE-02-x3", "STORE-02.E3", Part.SESSION_POLICY)
def the_policy_states_that_nothing_is_kept(real: SessionPolicy) -> SessionPolicy:
    return replace(real, persists=False)


@fault("F-STORE-03-a", "STORE-03.E1", Part.SESSION_STORE)
def a_sign_out_leaves_the_refresh_token(real: StoreChain) -> Opens:
    class Leaving(SessionStore):
        def clear(self, stage: str, account: str, keep: Collection[str] = ()) -> None:
            super().clear(stage, account, {"refresh_token", *keep})

    return behaving_as(real, Leaving)


@fault("F-STORE-03-c", "STORE-03.E2", Part.SESSION_STORE)
def a_sign_out_clears_the_whole_service(real: StoreChain) -> Opens:
    class Sweeping(SessionStore):
        def clear(self, stage: str, account: str, keep: Collection[str] = ()) -> None:
            super().clear(stage, account, keep)
            for item in _entries_of(Entry(self.app, stage, "x", "x").service):
                item.delete()

    return behaving_as(real, Sweeping)


@contextmanager
def _bus() -> Iterator[Any]:
    from jeepney.io.blocking import open_dbus_connection

    with closing(open_dbus_connection(bus=os.environ["DBUS_SESSION_BUS_ADDRESS"])) as connection:
        yield connection


def _entries_of(service: str) -> Iterator[Any]:
    import secretstorage  # only where there is a Secret Service

    with _bus() as connection:
        yield from list(secretstorage.search_items(connection, {"service": service}))


@fault("F-STORE-03-x1", "STORE-03.E3", Part.STORE_BACK_END)
def the_store_keeps_a_backup_in_clear(real: Any) -> Any:
    class WithBackup(Wrapped):
        def write(self, entry: Entry, stored: str) -> None:
            self._real.write(entry, stored)
            in_data_home("login.keyring.bak").write_text(stored)

    return WithBackup(real)


@fault("F-STORE-03-x2", "STORE-03.E4", Part.SESSION_STORE)
def a_sign_out_can_be_undone_by_a_restart(real: StoreChain) -> Opens:
    """What is cleared is put aside, and found again by the next process."""

    class Undoing(SessionStore):
        def clear(self, stage: str, account: str, keep: Collection[str] = ()) -> None:
            with suppress(NotFound):
                super().set(stage, account + ASIDE, "profile", super().get(stage, account, "refresh_token"))
                Path(os.environ["XDG_STATE_HOME"], "signed-out").touch()
                self._cleared = True
            super().clear(stage, account, keep)

        def get(self, stage: str, account: str, item: str) -> str | bytes:
            aside = Path(os.environ["XDG_STATE_HOME"], "signed-out").exists() and not hasattr(self, "_cleared")
            if item == "refresh_token" and aside:
                return super().get(stage, account + ASIDE, "profile")
            return super().get(stage, account, item)

    return behaving_as(real, Undoing)


@fault("F-STORE-03-x3", "STORE-03.E1", Part.SESSION_STORE)
def a_session_that_the_issuer_ended_stays_in_the_store(real: StoreChain) -> Opens:
    """Only a sign-out of the user's clears, for it alone goes by the list of what is owed first."""

    class Careless(SessionStore):
        _signing_out = False

        def set(self, stage: str, account: str, item: str, value: str | bytes) -> None:
            self._signing_out = item == "pending_revocations"
            super().set(stage, account, item, value)

        def clear(self, stage: str, account: str, keep: Collection[str] = ()) -> None:
            if self._signing_out or keep != ("pending_revocations",):
                super().clear(stage, account, keep)

    return behaving_as(real, Careless)
