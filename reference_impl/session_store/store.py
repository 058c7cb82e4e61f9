"""The session store: sets, gets and clears the items of an account, exactly and under their own names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from difflib import get_close_matches

from reference_impl.session_store.advice import LOCKED, UNWRITTEN
from reference_impl.session_store.errors import BackEndLocked, BackEndUnavailable, NotFound, ValueRefused
from reference_impl.session_store.model import (
    ITEMS,
    BackEnd,
    Entry,
    Rejection,
    SelfTest,
    Settled,
    StorageStatus,
    Unlockable,
)
from reference_impl.session_store.values import decode, encode


class SessionStore:
    """Secrets of a sign-in, addressed by stage, account and one of the documented item names.

    Every method raises `errors.SessionStoreError` and nothing else. ``self_tests`` and ``rejections`` tell how the back
    end was chosen. ``settle``: how a back end that was locked when it was chosen is tested later on.
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
    ) -> None:
        self.app = app
        self.item_names = tuple(item_names)
        self.self_tests = self_tests
        self.rejections = rejections
        self._back_end = back_end
        self._chosen = status
        self._settle = settle
        self._locked = self._unwritten = False

    def set(self, stage: str, account: str, item: str, value: str | bytes) -> None:
        """Keep ``value``; when this returns, `get` returns exactly it.

        Raises ValueRefused before the old value is touched; BackEndUnavailable, and then `status` warns until the next
        set succeeds.
        """
        entry = self._entry(stage, account, item)
        stored = encode(value, self._back_end.limit)
        try:
            with self._usable() as back_end:
                back_end.write(entry, stored)
        except BackEndUnavailable:
            self._unwritten = True
            raise
        self._unwritten = False

    def get(self, stage: str, account: str, item: str) -> str | bytes:
        """Return exactly what was set. Raises NotFound, ItemDamaged, BackEndUnavailable."""
        entry = self._entry(stage, account, item)
        with self._usable() as back_end:
            return decode(back_end.read(entry))

    def clear(self, stage: str, account: str, keep: Collection[str] = ()) -> None:
        """Remove every item of this account on this stage but those to ``keep``, and nothing else.

        To clear twice is no error.
        """
        with self._usable() as back_end:
            for item in (name for name in self.item_names if name not in keep):
                with suppress(NotFound):
                    back_end.delete(self._entry(stage, account, item))

    def items(self, stage: str, account: str) -> tuple[str, ...]:
        """Return the names of the items that are stored for this account on this stage."""
        found = []
        with self._usable() as back_end:
            for item in self.item_names:
                with suppress(NotFound):
                    back_end.read(self._entry(stage, account, item))
                    found.append(item)
        return tuple(found)

    def status(self) -> StorageStatus:
        """Return where items are kept, and what the user must be told about it; asks nobody."""
        if self._locked:
            return StorageStatus("locked", self._back_end.name, LOCKED)
        return replace(self._chosen, warning=UNWRITTEN) if self._unwritten else self._chosen

    def unlock(self) -> None:
        """Let the system ask the user to unlock the store; without effect where it is not locked.

        Raises BackEndLocked where it stays locked, also where nobody answers within the time limit.
        """
        with self._watched():
            if isinstance(self._back_end, Unlockable):
                self._back_end.unlock()
        with self._usable():
            pass

    def close(self) -> None:
        """Give back the back end; a memory-only session ends here."""
        self._back_end.close()

    @contextmanager
    def _usable(self) -> Iterator[BackEnd]:
        """Give the back end, tested. Nothing is read from or written to one that was locked and not tested yet."""
        with self._watched():
            if self._chosen.mode == "locked":
                settled = self._settle()
                if settled is None:
                    raise BackEndLocked(f"{self._back_end.name} is locked")
                self._back_end, self._chosen = settled.back_end, settled.status
                self.self_tests += (settled.test,) if settled.test else ()
            yield self._back_end

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
