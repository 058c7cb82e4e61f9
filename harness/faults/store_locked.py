"""Faults of a client whose keyring is locked."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from harness.faults.registry import fault
from harness.faults.store import Opens, behaving_as, in_data_home
from harness.faults.store_persistence import Wrapped
from reference_impl.parts import Part
from reference_impl.session_store import BackEndLocked, BackEndUnavailable, NotFound, SessionStore, StoreChain
from reference_impl.session_store.model import Entry, StorageStatus


@fault("F-STORE-07-a", "STORE-07.E2", Part.STORE_BACK_END)
def locked_is_taken_for_missing_and_overwritten(real: Any) -> Any:
    """What could not be read counts as not there; what could not be written is written as soon as it can be."""

    class Hasty(Wrapped):
        def __init__(self, real: Any) -> None:
            super().__init__(real)
            self._owed: dict[Entry, str] = {}

        def read(self, entry: Entry) -> str:
            self._make_up()
            try:
                return str(self._real.read(entry))
            except BackEndLocked:
                raise NotFound("nothing is stored under this name") from None

        def write(self, entry: Entry, stored: str) -> None:
            self._owed[entry] = stored
            self._make_up()

        def delete(self, entry: Entry) -> None:
            with suppress(BackEndLocked):
                self._real.delete(entry)

        def unlock(self) -> None:
            self._real.unlock()
            self._make_up()

        def _make_up(self) -> None:
            with suppress(BackEndLocked):
                for entry, stored in list(self._owed.items()):
                    self._real.write(entry, stored)
                    del self._owed[entry]

    return Hasty(real)


@fault("F-STORE-07-c", "STORE-07.E3", Part.SESSION_STORE)
def on_locked_the_token_goes_to_a_file_for_now(real: StoreChain) -> Opens:
    class Provisional(SessionStore):
        def set(self, stage: str, account: str, item: str, value: str | bytes) -> None:
            try:
                super().set(stage, account, item, value)
            except BackEndLocked:
                in_data_home("for-now.txt").write_bytes(value if isinstance(value, bytes) else value.encode())
                raise

    return behaving_as(real, Provisional)


@fault("F-STORE-07-x1", "STORE-07.E1", Part.STORE_BACK_END)
def locked_is_told_as_some_failure(real: Any) -> Any:
    class Vague(Wrapped):
        def read(self, entry: Entry) -> str:
            try:
                return str(self._real.read(entry))
            except BackEndLocked as error:
                raise BackEndUnavailable("the store failed") from error

    return Vague(real)


@fault("F-STORE-07-x2", "STORE-07.E1", Part.SESSION_STORE)
def every_page_asks_the_store(real: StoreChain) -> Opens:
    """So that the window waits with the store for whoever is to give the password."""

    class Asking(SessionStore):
        def status(self) -> StorageStatus:
            with suppress(NotFound, BackEndUnavailable):
                self._back_end.read(Entry(self.app, "status", "probe", "probe"))
            return super().status()

    return behaving_as(real, Asking)


@fault("F-STORE-07-x3", "STORE-07.E4", Part.SESSION_STORE)
def the_window_is_silent_about_the_lock(real: StoreChain) -> Opens:
    class Silent(SessionStore):
        def status(self) -> StorageStatus:
            told = super().status()
            return StorageStatus(told.mode, told.back_end) if told.mode == "locked" else told

    return behaving_as(real, Silent)


@fault("F-STORE-07-x4", "STORE-07.E2", Part.SESSION_STORE)
def after_the_unlocking_nobody_looks_again(real: StoreChain) -> Opens:
    """What could not be read at the start stays unread."""

    class Stubborn(SessionStore):
        _began_locked = False

        def get(self, stage: str, account: str, item: str) -> str | bytes:
            self._began_locked = self._began_locked or self.status().mode == "locked"
            if self._began_locked and item == "refresh_token":
                raise NotFound("nothing is stored under this name")
            return super().get(stage, account, item)

    return behaving_as(real, Stubborn)
