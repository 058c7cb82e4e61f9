"""Values at and beyond the limit of a small entry, stored over one that is there, and read by another process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from harness.targets.reference_trials.disk import disk
from harness.targets.reference_trials.places import folder_of, open_store, small_entries
from reference_impl.parts import Parts
from reference_impl.session_store import SessionStore
from reference_impl.session_store.errors import SessionStoreError

__all__ = ["clear_sizes", "set_sizes"]

STAGE, ITEM = "prod", "refresh_token"
FIRST = "the value before"


def set_sizes(environ: Mapping[str, str], parts: Parts, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """`sizes` in characters and `letters` by name; `system`: in the system's own store, else in encrypted files.

    Whatever is kept is read through a store that was opened anew: over the system's store, that is another process.
    """
    with disk():
        return _set_sizes(environ, small_entries(parts), given)


def _set_sizes(environ: Mapping[str, str], parts: Parts, given: Mapping[str, Any]) -> Mapping[str, Any]:
    app, system = given["app"], bool(given["system"])
    writer, values = open_store(environ, parts, app, system=system), _values(given)
    done = []
    for number, (name, value) in enumerate(values.items()):
        before = _set(writer, f"size-{number}", FIRST)
        done.append({"name": name, "before": before, **_measured(value), **_set(writer, f"size-{number}", value)})
    reader = open_store(environ, parts, app, system=system)
    for number, one in enumerate(done):
        one["read"] = _get(reader, f"size-{number}")
    kept = _files(environ)
    if given["clear"]:
        _clear_all(reader, len(values))
    writer.close()
    reader.close()
    return {
        "sizes": done,
        "mode": writer.status().mode,
        "files": kept,
        "left": _files(environ),
    }


def clear_sizes(environ: Mapping[str, str], parts: Parts, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Clear what `set_sizes` has left in the system's store."""
    store = open_store(environ, small_entries(parts), given["app"], system=True)
    _clear_all(store, len(_values(given)))
    store.close()
    return {"mode": store.status().mode}


def _clear_all(store: SessionStore, count: int) -> None:
    for number in range(count):
        _clear(store, f"size-{number}")


def _values(given: Mapping[str, Any]) -> dict[str, str]:
    letters = {"ASCII": "a", "4-byte Unicode": "\U0001f511"}
    return {
        f"{size} {name} characters": (letters[name] * size)[: size - 1] + letters[name]
        for size in given["sizes"]
        for name in given["letters"]
    }


def _measured(value: str) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(value.encode()).hexdigest(), "length": len(value.encode())}


def _set(store: SessionStore, account: str, value: str) -> dict[str, str]:
    try:
        store.set(STAGE, account, ITEM, value)
    except SessionStoreError as error:
        return {"error": type(error).__name__}
    return {"error": ""}


def _get(store: SessionStore, account: str) -> dict[str, Any]:
    try:
        value = store.get(STAGE, account, ITEM)
    except SessionStoreError as error:
        return {"error": type(error).__name__}
    return {"error": "", "before": value == FIRST, **_measured(str(value))}


def _clear(store: SessionStore, account: str) -> None:
    try:
        store.clear(STAGE, account)
    except SessionStoreError:
        return  # what is left is seen by whoever lists the store


def _files(environ: Mapping[str, str]) -> list[str]:
    """The sealed entries in the vault's folder, as a file manager shows them."""
    folder = folder_of(environ)
    found = (file.name for file in folder.iterdir()) if folder.is_dir() else ()
    return sorted(name for name in found if name not in ("vault", "lock"))
