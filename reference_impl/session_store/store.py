"""The session store: sets, gets and clears the items of an account, exactly and under their own names."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from difflib import get_close_matches

from reference_impl.session_store.advice import LOCKED, UNMOVED, UNWRITTEN
from reference_impl.session_store.errors import (
    BackEndLocked,
    BackEndTimedOut,
    BackEndUnavailable,
    ItemDamaged,
    NotFound,
    SessionStoreError,
    Torn,
    ValueRefused,
)
from reference_impl.session_store.lock import Lock, ThreadLock
from reference_impl.session_store.migration import copy, failures, remove
from reference_impl.session_store.model import (
    ITEMS,
    BackEnd,
    Entry,
    Moved,
    Rejection,
    SelfTest,
    Settled,
    Source,
    StorageStatus,
)
from reference_impl.session_store.splitting import SplitEntries
from reference_impl.session_store.values import Kept, check, decode, encode
from reference_impl.session_store.waiting import Waiting

Bring = Callable[["SessionStore", Waiting], tuple[Moved, ...]]


class SessionStore:
    """Secrets of a sign-in, addressed by stage, account and one of the documented item names.

    Every method raises `errors.SessionStoreError` and nothing else, and ends within a few time limits. Writers of
    several threads and processes are kept apart; a reader sees what was there before a set, or after it.
    ``self_tests`` and ``rejections`` tell how the back end was chosen, ``moved`` what was brought here from elsewhere.
    ``settle``: how a back end that was locked when it was chosen is tested later on. ``bring``: how what lies elsewhere
    is brought here; what it leaves there, it notes.
    """

    def __init__(
        self,
        app: str,
        back_end: BackEnd,
        status: StorageStatus,
        item_names: Sequence[str] = ITEMS,
        self_tests: tuple[SelfTest, ...] = (),
        rejections: tuple[Rejection, ...] = (),
        settle: Callable[[], Settled | None] = lambda: None,
        lock: Lock | None = None,
        entries: Callable[[BackEnd], SplitEntries] = SplitEntries,
        reopen: Callable[[], SessionStore | None] = lambda: None,
        bring: Bring = lambda store, waiting: (),
        now: Callable[[], float] = time.time,
        time_limit: float = 10.0,
    ) -> None:
        """``now``: seconds since 1970; generations are made of it. ``time_limit``: seconds to wait for another thread
        that finds out whether the back end is still locked."""
        self.app = app
        self.item_names = tuple(item_names)
        self.self_tests = self_tests
        self.rejections = rejections
        self.moved: tuple[Moved, ...] = ()
        self._now = now
        self._turn = threading.RLock()
        self._time_limit = time_limit
        self._lock = lock or ThreadLock()
        self._entries = entries
        self._reopen = reopen
        self._bring = bring
        self._waiting = Waiting()
        self._back_end = back_end
        self._chosen = status
        self._settle = settle
        self._locked = self._unwritten = False

    def set(self, stage: str, account: str, item: str, value: str | bytes) -> None:
        """Keep ``value``; when this returns, `get` returns exactly it.

        Raises ValueRefused before the old value is touched, TooLarge being one; BackEndUnavailable, and then `status`
        warns until the next set succeeds.
        """
        self.put(stage, account, item, Kept(value))

    def get(self, stage: str, account: str, item: str) -> str | bytes:
        """Return exactly what was set. Raises NotFound, ItemDamaged, BackEndUnavailable."""
        return self.look(stage, account, item).value

    def update(self, stage: str, account: str, item: str, change: Callable[[str | bytes | None], str | bytes]) -> None:
        """Set what ``change`` makes of the value that is there, None where there is none; nobody writes in between.

        Raises what `get` and `set` raise, but NotFound.
        """
        with self._alone():
            try:
                before = self.get(stage, account, item)
            except NotFound:
                before = None
            self.set(stage, account, item, change(before))

    def clear(self, stage: str, account: str, keep: Collection[str] = ()) -> None:
        """Remove every item of this account on this stage but those to ``keep``, and nothing else.

        To clear twice is no error.
        """
        with self._alone() as entries:
            for item in (name for name in self.item_names if name not in keep):
                entry = self._entry(stage, account, item)
                with suppress(NotFound):
                    entries.delete(entry)
                self._waiting.remove(entry)

    def items(self, stage: str, account: str) -> tuple[str, ...]:
        """Return the names of the items that are stored for this account on this stage."""
        with self._usable() as entries:
            named = {item: self._entry(stage, account, item) for item in self.item_names}
            return tuple(name for name, entry in named.items() if entries.holds(entry) or self._waiting.find(entry))

    def look(self, stage: str, account: str, item: str) -> Kept:
        """Return the value with its generation, and whether it was imported. Raises what `get` raises.

        What could not be brought here is read where it lies, unless what is here is newer.
        """
        entry = self._entry(stage, account, item)
        try:
            kept = self._look_here(entry)
        except (NotFound, ItemDamaged):
            waiting = self._waiting.find(entry)
            if waiting is None:
                raise
            return waiting
        waiting = self._waiting.find(entry)
        return waiting if waiting and waiting.generation >= kept.generation else kept

    def _look_here(self, entry: Entry) -> Kept:
        while True:
            asked = self._back_end
            try:
                return self._look(entry)
            except NotFound:
                if asked is self._back_end:  # else `recover` has moved it meanwhile
                    raise

    def _look(self, entry: Entry) -> Kept:
        with self._usable() as entries:
            try:
                return decode(entries.read(entry))
            except Torn:  # perhaps somebody is writing
                with self._lock.held():
                    return decode(entries.read(entry))

    def put(self, stage: str, account: str, item: str, kept: Kept) -> None:
        """Keep a value; generation 0 stands for the next one. Raises what `set` raises."""
        entry = self._entry(stage, account, item)
        check(kept.value)
        try:
            with self._alone() as entries:
                generation = kept.generation or self._next_generation(entries, entry)
                entries.write(entry, encode(replace(kept, generation=generation)))
                self._remove_older(entry, generation)
        except BackEndUnavailable:
            self._unwritten = True
            raise
        self._unwritten = False

    def _next_generation(self, entries: SplitEntries, entry: Entry) -> int:
        """Return one that is later than each value of the entry, here and elsewhere, whatever the clock says."""
        waiting = self._waiting.find(entry)
        known = max(_generation(entries, entry), waiting.generation if waiting else 0)
        return max(known + 1, int(self._now() * 1000))

    def _remove_older(self, entry: Entry, generation: int) -> None:
        """Remove elsewhere what this has replaced. What cannot be removed now is tried at the next start."""
        waiting = self._waiting.find(entry)
        if waiting is not None and waiting.generation < generation:
            with suppress(SessionStoreError):
                self._waiting.remove(entry)

    def keep_newest(self, stage: str, account: str, item: str, kept: Kept) -> Kept:
        """Keep this value, unless a later generation of it is here; return what is kept here then, read back.

        Raises what `set` raises.
        """
        entry = self._entry(stage, account, item)
        with self._alone():
            try:
                here = self._look_here(entry)
            except (NotFound, ItemDamaged):
                here = None
            # Of the same generation and not the same: a write that went wrong.
            if here is None or (here.generation <= kept.generation and here != kept):
                self.put(stage, account, item, kept)
            return self._look_here(entry)

    @property
    def unsettled(self) -> bool:
        """Whether `recover` may find something better: the system's store is away, or something waits elsewhere."""
        return self._chosen.mode in ("memory-only", "encrypted-file") or bool(self._waiting)

    def bring(self) -> tuple[Moved, ...]:
        """Bring here what lies in worse places; return what became of each item. Raises nothing of the stores."""
        if self._chosen.mode not in ("secure", "encrypted-file"):
            return ()
        waiting = Waiting()
        self.moved = self._bring(self, waiting)
        self._waiting = waiting
        return self.moved

    def recover(self) -> tuple[Moved, ...]:
        """Where the system's store has come back, move there what is kept here, and go on there; and try once more to
        bring what waits elsewhere.

        Returns what became of each item; nothing where there is nothing better than now. Where an item cannot be
        brought, all stay where they are, and the store goes on as before. It takes as long as opening a store. Raises
        what the stores raise.
        """
        if self._chosen.mode not in ("memory-only", "encrypted-file") or not isinstance(self._back_end, Source):
            return self.bring() if self._waiting else ()
        better = self._reopen()
        if better is None:
            return ()
        source = self._back_end
        try:
            moved = self._move_to(better, source)
        except BaseException:
            better.close()
            raise
        if failures(moved):
            better.close()
            return moved
        removed = tuple(remove(source, one) for one in moved)
        self.moved = (*removed, *self.bring())
        source.close()
        return self.moved

    def status(self) -> StorageStatus:
        """Return where items are kept, and what the user must be told about it; asks nobody."""
        if self._locked:
            return StorageStatus("locked", self._back_end.name, LOCKED)
        if self._unwritten:
            return replace(self._chosen, warning=UNWRITTEN)
        return replace(self._chosen, warning=UNMOVED) if self._waiting else self._chosen

    def unlock(self) -> None:
        """Let the system ask the user to unlock the store; without effect where it is not locked.

        Raises BackEndLocked where it stays locked, also where nobody answers within the time limit.
        """
        with self._watched():
            ask = getattr(self._back_end, "unlock", None)
            if ask is not None:
                ask()
        with self._usable():
            pass

    def close(self) -> None:
        """Give back the back end; a memory-only session ends here."""
        self._back_end.close()
        self._waiting.close()

    def _move_to(self, better: SessionStore, source: Source) -> tuple[Moved, ...]:
        """Copy every item there, and go on there if all could be. Raises what the stores raise."""
        if self._chosen.mode == "encrypted-file":
            better._lock = self._lock  # the same one: it is the application's, whatever the place
        with self._lock.held():  # nobody writes here meanwhile
            moved = tuple(copy(source, better, entry) for entry in source.entries() if entry.app == self.app)
            if not failures(moved):
                self._go_on_with(better)
        return moved

    def _go_on_with(self, better: SessionStore) -> None:
        with self._turn:
            self._back_end, self._chosen, self._lock = better._back_end, better._chosen, better._lock
            self._locked = self._unwritten = False
            self.self_tests += better.self_tests
            self.rejections = better.rejections

    @contextmanager
    def _alone(self) -> Iterator[SplitEntries]:
        """Give the entries, and keep every other writer out, of this process and of others."""
        while True:
            lock = self._lock
            with lock.held():
                if lock is not self._lock:
                    continue  # `recover` has moved to another place while this waited
                with self._usable() as entries:
                    yield entries
                return

    @contextmanager
    def _usable(self) -> Iterator[SplitEntries]:
        """Give the entries of a tested back end. Of one that was locked and not tested yet, nothing is touched."""
        with self._watched():
            if self._settle_if_locked():
                self.bring()  # without the turn: it takes the lock, whose holder may wait for the turn
            yield self._entries(self._back_end)

    def _settle_if_locked(self) -> bool:
        """Test the back end if it was locked when it was chosen. Raises BackEndLocked where it still is, and
        BackEndTimedOut where another thread does not find that out in time."""
        if self._chosen.mode != "locked":
            return False
        if not self._turn.acquire(timeout=self._time_limit):
            raise BackEndTimedOut(f"another thread has tried {self._back_end.name} for {self._time_limit:g} s")
        try:
            if self._chosen.mode != "locked":
                return False
            settled = self._settle()
            if settled is None:
                raise BackEndLocked(f"{self._back_end.name} is locked")
            self._back_end, self._chosen = settled.back_end, settled.status
            self.self_tests += (settled.test,) if settled.test else ()
            return True
        finally:
            self._turn.release()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Remember whether the back end turned out to be locked."""
        try:
            yield
        except BackEndLocked:
            self._locked = True
            raise
        except NotFound:
            self._locked = False
            raise
        self._locked = False

    def _entry(self, stage: str, account: str, item: str) -> Entry:
        if item not in self.item_names:
            near = get_close_matches(item, self.item_names, 1, 0.0)
            raise ValueRefused(f"{item!r} is not a documented item; nearest: {near[0]!r}, all: {self.item_names}")
        return Entry(self.app, stage, account, item)


def _generation(entries: SplitEntries, entry: Entry) -> int:
    try:
        return decode(entries.read(entry)).generation
    except (NotFound, ItemDamaged):
        return 0
