"""Sign-ins that could not be brought to the store: they are read where they lie, until they can be, or are replaced.

So a failure of the move signs nobody out. What is read so is as weakly protected as it was before, which the store's
status says.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from reference_impl.session_store.errors import NotFound, SessionStoreError
from reference_impl.session_store.model import Entry, Moved, Source
from reference_impl.session_store.values import Kept, decode


class Waiting:
    """Which entries still lie in which source. Its caller keeps other writers out where it removes."""

    def __init__(self) -> None:
        self._places: list[tuple[Entry, Source]] = []

    def __bool__(self) -> bool:
        return bool(self._places)

    def note(self, source: Source, failed: Iterable[Moved]) -> None:
        """Remember what could not be brought from this source, or not be removed there."""
        self._places += [(one.entry, source) for one in failed if one.entry is not None]

    def find(self, entry: Entry) -> Kept | None:
        """Return the newest value that lies elsewhere; None where there is none, or none to be had."""
        found = [kept for place, source in self._places if place == entry and (kept := _read(source, entry))]
        return max(found, key=lambda kept: kept.generation, default=None)

    def remove(self, entry: Entry) -> None:
        """Remove the entry wherever it lies. Raises SessionStoreError; then it is tried again at the next start."""
        for place in [one for one in self._places if one[0] == entry]:
            with suppress(NotFound):
                place[1].delete(entry)
            self._places.remove(place)

    def close(self) -> None:
        """Give back what the sources hold open."""
        for _, source in self._places:
            source.close()


def _read(source: Source, entry: Entry) -> Kept | None:
    try:
        return decode(source.read(entry))
    except SessionStoreError:
        return None
