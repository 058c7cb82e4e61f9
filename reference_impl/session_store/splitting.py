"""Values that are larger than one entry of the back end: kept in parts, written and removed as one.

The item's own entry holds the value where it fits, else the manifest ``parts:<slot>:<count>:<SHA-256>``. Parts lie in
one of two slots, ``<item>~a~0`` and so on. A new value goes into the slot that is not in use; its manifest is written
last, and the parts of the old slot are removed after it. So at every moment, also after a kill, the entry leads to the
old value or to the new one. Parts are written upwards and removed downwards: whatever a kill left of a slot begins at
part 0, and is found, for no back end lists its entries by name.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

from reference_impl.session_store.errors import ItemDamaged, NotFound, Torn
from reference_impl.session_store.model import BackEnd, Entry, Limit

_MANIFEST = re.compile(r"parts:([ab]):(\d{1,4}):([0-9a-f]{64})")
_SLOTS = ("a", "b")


class SplitEntries:
    """The entries of a back end without its limit. Writing and removing needs the store's lock; reading does not."""

    def __init__(self, back_end: BackEnd) -> None:
        self.back_end = back_end
        self._splits = back_end.limit.max_bytes < Limit().max_bytes

    def read(self, entry: Entry) -> str:
        """Return the whole text. Raises NotFound; Torn where a part is not there, as while somebody writes."""
        head = self.back_end.read(entry)
        found = _MANIFEST.fullmatch(head)
        if found is None:
            return head
        slot, count, digest = found[1], int(found[2]), found[3]
        try:
            text = "".join(self.back_end.read(_part(entry, slot, number)) for number in range(count))
        except NotFound:
            raise Torn(f"a part of {entry.item} is missing; sign in again") from None
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            raise Torn(f"the parts of {entry.item} are not of one value; sign in again")
        return base64.b64decode(text).decode()

    def write(self, entry: Entry, stored: str) -> None:
        """Keep the text, in parts where it must be."""
        if not self._splits:
            self.back_end.write(entry, stored)
        elif self._fits(stored):
            self.back_end.write(entry, stored)
            self._remove(entry, *_SLOTS)
        else:
            self._write_parts(entry, stored)

    def delete(self, entry: Entry) -> None:
        """Remove the text and every part. Raises NotFound where there is none."""
        try:
            self.back_end.delete(entry)
        except NotFound:
            self._remove_all(entry)  # what a kill has left
            raise
        self._remove_all(entry)

    def holds(self, entry: Entry) -> bool:
        """Tell whether something is kept, without reading all of it."""
        try:
            self.back_end.read(entry)
        except NotFound:
            return False
        return True

    def _fits(self, text: str) -> bool:
        return len(text.encode(self.back_end.limit.encoding)) <= self.back_end.limit.max_bytes

    def _write_parts(self, entry: Entry, stored: str) -> None:
        slot, other = ("b", "a") if self._slot_in_use(entry) == "a" else ("a", "b")
        limit = self.back_end.limit
        text = base64.b64encode(stored.encode()).decode()  # one size for every character, and nothing to trim
        size = limit.max_bytes // len("A".encode(limit.encoding))
        parts = [text[begin : begin + size] for begin in range(0, len(text), size)]
        self._remove(entry, slot)
        for number, part in enumerate(parts):
            self.back_end.write(_part(entry, slot, number), part)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.back_end.write(entry, f"parts:{slot}:{len(parts)}:{digest}")
        self._remove(entry, other)

    def _slot_in_use(self, entry: Entry) -> str | None:
        try:
            found = _MANIFEST.fullmatch(self.back_end.read(entry))
        except (NotFound, ItemDamaged):
            return None
        return found[1] if found else None

    def _remove_all(self, entry: Entry) -> None:
        if self._splits:
            self._remove(entry, *_SLOTS)

    def _remove(self, entry: Entry, *slots: str) -> None:
        for slot in slots:
            count = 0
            while self.holds(_part(entry, slot, count)):
                count += 1
            for number in reversed(range(count)):
                self.back_end.delete(_part(entry, slot, number))


def _part(entry: Entry, slot: str, number: int) -> Entry:
    return replace(entry, item=f"{entry.item}~{slot}~{number}")
