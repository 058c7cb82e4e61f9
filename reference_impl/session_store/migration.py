"""Bringing sign-ins from one place to another: write, read back, compare; only then remove, so that one copy is left.

The newest counts, by its generation, wherever it lies. A crash at any point, or a failure of any step, leaves at least
one copy; doing it again completes it, for what is there already is not written again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reference_impl.session_store.errors import BackEndUnavailable, NotFound, SessionStoreError
from reference_impl.session_store.model import Entry, Moved, Source
from reference_impl.session_store.values import decode

if TYPE_CHECKING:
    from reference_impl.session_store.store import SessionStore


def migrate(source: Source, target: SessionStore) -> tuple[Moved, ...]:
    """Bring every entry of the target's application, and remove it from the source. Raises nothing of the stores."""
    try:
        entries = source.entries()
    except SessionStoreError as error:
        return (Moved(None, source.name, "failed", f"its entries cannot be listed ({type(error).__name__})"),)
    copied = [copy(source, target, entry) for entry in entries if entry.app == target.app]
    return tuple(moved if moved.outcome == "failed" else remove(source, moved) for moved in copied)


def copy(source: Source, target: SessionStore, entry: Entry) -> Moved:
    """Bring one entry, unless a newer one is there, and see that it can be read there."""
    try:
        kept = decode(source.read(entry))
        newest = target.keep_newest(entry.stage, entry.account, entry.item, kept)
        if newest.value != kept.value and newest.generation <= kept.generation:
            raise BackEndUnavailable("the target keeps another value")
    except SessionStoreError as error:
        return Moved(entry, source.name, "failed", f"{type(error).__name__}: it stays where it is")
    return Moved(entry, source.name, "moved" if newest.value == kept.value else "older")


def remove(source: Source, moved: Moved) -> Moved:
    """Remove from the source what has been copied."""
    assert moved.entry is not None
    try:
        source.delete(moved.entry)
    except NotFound:
        pass  # somebody else has brought it too
    except SessionStoreError as error:
        return Moved(moved.entry, moved.source, "failed", f"{type(error).__name__}: it is here, and still there")
    return moved


def failures(moved: Iterable[Moved]) -> tuple[Moved, ...]:
    """Return those that failed."""
    return tuple(one for one in moved if one.outcome == "failed")
