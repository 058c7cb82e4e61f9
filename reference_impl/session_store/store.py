"""The session store: sets, gets and clears the items of an account, exactly and under their own names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from reference_impl.session_store.advice import UNWRITTEN
from reference_impl.session_store.errors import BackEndUnavailable, NotFound, ValueRefused
from reference_impl.session_store.model import ITEMS, BackEnd, Entry, Rejection, SelfTest, StorageStatus
from reference_impl.session_store.values import decode, encode


class SessionStore:
    """Secrets of a sign-in, addressed by stage, account and one of the documented item names.

    Every method raises `errors.SessionStoreError` and nothing else. ``self_tests`` and ``rejections`` tell how the back
    end was chosen.
    """

    def __init__(
        self,
        app: str,
        back_end: BackEnd,
        status: StorageStatus,
        item_names: Sequence[str] = ITEMS,
        self_tests: tuple[SelfTest, ...] = (),
        rejections: tuple[Rejection, ...] = (),
    ) -> None:
        self.app = app
        self.item_names = tuple(item_names)
        self.self_tests = self_tests
        self.rejections = rejections
        self._back_end = back_end
        self._chosen = status
        self._status = status

    def set(self, stage: str, account: str, item: str, value: str | bytes) -> None:
        """Keep ``value``; when this returns, `get` returns exactly it.

        Raises ValueRefused before the old value is touched; BackEndUnavailable, and then `status` warns until the next
        set succeeds.
        """
        entry = self._entry(stage, account, item)
        stored = encode(value, self._back_end.limit)
        try:
            self._back_end.write(entry, stored)
        except BackEndUnavailable:
            self._status = StorageStatus(self._chosen.mode, self._chosen.back_end, UNWRITTEN)
            raise
        self._status = self._chosen

    def get(self, stage: str, account: str, item: str) -> str | bytes:
        """Return exactly what was set. Raises NotFound, ItemDamaged, BackEndUnavailable."""
        return decode(self._back_end.read(self._entry(stage, account, item)))

    def clear(self, stage: str, account: str, keep: Collection[str] = ()) -> None:
        """Remove every item of this account on this stage but those to ``keep``, and nothing else.

        To clear twice is no error.
        """
        for item in (name for name in self.item_names if name not in keep):
            try:
                self._back_end.delete(self._entry(stage, account, item))
            except NotFound:
                continue

    def items(self, stage: str, account: str) -> tuple[str, ...]:
        """Return the names of the items that are stored for this account on this stage."""
        found = []
        for item in self.item_names:
            try:
                self._back_end.read(self._entry(stage, account, item))
            except NotFound:
                continue
            found.append(item)
        return tuple(found)

    def status(self) -> StorageStatus:
        """Return where items are kept, and what the user must be told about it."""
        return self._status

    def close(self) -> None:
        """Give back the back end; a memory-only session ends here."""
        self._back_end.close()

    def _entry(self, stage: str, account: str, item: str) -> Entry:
        if item not in self.item_names:
            near = get_close_matches(item, self.item_names, 1, 0.0)
            raise ValueRefused(f"{item!r} is not a documented item; nearest: {near[0]!r}, all: {self.item_names}")
        return Entry(self.app, stage, account, item)
