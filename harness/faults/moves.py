"""Faults of moving sign-ins to the secure store."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from harness.faults.registry import fault
from harness.faults.store import Opens, behaving_as
from reference_impl.desktop.session import DesktopSession
from reference_impl.parts import Part
from reference_impl.session_store import NotFound, SessionStore, SessionStoreError, StoreChain
from reference_impl.session_store.local_storage import LocalStorageSource
from reference_impl.session_store.migration import copy, migrate
from reference_impl.session_store.model import Entry, Moved, Source
from reference_impl.session_store.values import Kept, decode


def _moving(
    real: StoreChain, move: Callable[[Source, SessionStore, Entry], object], these: Collection[type] = ()
) -> StoreChain:
    """The chain, which moves each entry so; from sources of other types than these, if any are given, as it should."""

    def migrating(source: Source, target: SessionStore) -> tuple[Moved, ...]:
        if these and type(source) not in these:
            return migrate(source, target)
        try:
            entries = source.entries()
        except SessionStoreError as error:
            return (Moved(None, source.name, "failed", type(error).__name__),)
        return tuple(_tried(move, source, target, entry) for entry in entries if entry.app == target.app)

    return replace(real, migrate=migrating)


def _tried(
    move: Callable[[Source, SessionStore, Entry], object], source: Source, target: SessionStore, entry: Entry
) -> Moved:
    try:
        move(source, target, entry)
    except SessionStoreError as error:
        return Moved(entry, source.name, "failed", type(error).__name__)
    return Moved(entry, source.name, "moved")


@fault("F-STORE-10-a", "STORE-10.E2", Part.SESSION_STORE)
def the_source_is_wiped_before_the_write_is_confirmed(real: StoreChain) -> StoreChain:
    def move(source: Source, target: SessionStore, entry: Entry) -> None:
        kept = decode(source.read(entry))
        source.delete(entry)
        target.keep_newest(entry.stage, entry.account, entry.item, kept)

    return _moving(real, move)


@fault("F-STORE-10-b", "STORE-10.E1", Part.SESSION_STORE)
def the_entry_in_local_storage_is_left_behind(real: StoreChain) -> StoreChain:
    return _moving(real, lambda source, target, entry: copy(source, target, entry), {LocalStorageSource})


@fault("F-STORE-10-c", "STORE-10.E1", Part.SESSION_STORE)
def what_the_store_holds_counts_however_old_it_is(real: StoreChain) -> StoreChain:
    """A stale item of the secure store takes the place of the newer token."""

    def move(source: Source, target: SessionStore, entry: Entry) -> None:
        try:
            target.get(entry.stage, entry.account, entry.item)
        except NotFound:
            target.put(entry.stage, entry.account, entry.item, decode(source.read(entry)))
        source.delete(entry)

    return _moving(real, move)


@fault("F-STORE-10-x1", "STORE-10.E3", Part.RENEWAL)
def what_was_imported_is_used_as_long_as_it_is_taken(real: Callable[[DesktopSession], None]) -> object:
    return lambda session: None


@fault("F-STORE-10-x2", "STORE-10.E3", Part.SESSION_STORE)
def the_import_forgets_where_the_token_lay(real: StoreChain) -> StoreChain:
    def move(source: Source, target: SessionStore, entry: Entry) -> None:
        kept = replace(decode(source.read(entry)), imported=False)
        target.keep_newest(entry.stage, entry.account, entry.item, kept)
        source.delete(entry)

    return _moving(real, move)


@fault("F-STORE-10-x3", "STORE-10.E2", Part.SESSION_STORE)
def what_could_not_be_moved_is_not_read_where_it_lies(real: StoreChain) -> Opens:
    class Impatient(SessionStore):
        def look(self, stage: str, account: str, item: str) -> Kept:
            return self._look_here(self._entry(stage, account, item))

    return behaving_as(real, Impatient)


@fault("F-STORE-10-x4", "STORE-10.E1", Part.SESSION_STORE)
def the_warning_stays_when_the_store_is_back(real: StoreChain) -> Opens:
    class Worried(SessionStore):
        def recover(self) -> tuple[Moved, ...]:
            before = self.status()
            moved = super().recover()
            self._chosen = replace(self._chosen, warning=before.warning)
            return moved

    return behaving_as(real, Worried)


@fault("F-STORE-10-x5", "STORE-10.E1", Part.SESSION_STORE)
def the_logs_of_the_browsers_local_storage_are_left(real: StoreChain) -> StoreChain:
    earlier = real.local_storage and replace(real.local_storage, browser=())
    return replace(real, local_storage=earlier)


@fault("F-STORE-10-x6", "STORE-10.E2", Part.SESSION_STORE)
def what_was_written_is_not_compared(real: StoreChain) -> StoreChain:
    def move(source: Source, target: SessionStore, entry: Entry) -> None:
        target.put(entry.stage, entry.account, entry.item, decode(source.read(entry)))
        source.delete(entry)

    return _moving(real, move)
