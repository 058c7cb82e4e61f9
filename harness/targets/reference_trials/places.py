"""Where the trials keep things: the reference's chain, over encrypted files or over the system's own store."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reference_impl.parts import Part, Parts
from reference_impl.session_store import EncryptedFiles, KeyFile, SessionStore, StoreChain
from reference_impl.session_store.errors import BackEndUnavailable
from reference_impl.session_store.model import BackEnd, Entry, Limit

__all__ = ["WINDOWS", "folder_of", "open_store", "paused", "small_entries", "with_back_end"]

WINDOWS = Limit(2_560, "utf-16-le")  # of a Credential Locker's entry
TIME_LIMIT = 10.0  # seconds that a client of a trial gives its store


def folder_of(environ: Mapping[str, str]) -> Path:
    """The vault's folder in the private home."""
    return Path(environ["HOME"]) / "trial" / "vault"


def open_store(
    environ: Mapping[str, str], parts: Parts, app: str, *, system: bool = False, **rules: object
) -> SessionStore:
    """The store as an application opens it that allows encrypted files. Not `system`: no store of the system's is
    looked for, which takes long where it has to be looked for hundreds of times."""
    key = KeyFile(Path(environ["HOME"]) / "trial-key" / "vault.key")
    files = EncryptedFiles(key, folder_of(environ))
    chain = StoreChain(app, environ, parts=parts, time_limit=TIME_LIMIT, encrypted_files=files, log=lambda fields: None)
    if not system:
        chain = replace(chain, candidates=lambda: ())
    if rules:
        chain = replace(chain, **rules)  # type: ignore[arg-type]
    store: SessionStore = parts.choose(Part.SESSION_STORE, chain).open()
    return store


def small_entries(parts: Parts) -> Parts:
    """The parts, with back ends that hold as little as a Credential Locker, and refuse more as it does."""
    return with_back_end(parts, _make_small)


def paused(parts: Parts, seconds: float, first: float) -> Parts:
    """The parts, with back ends that wait before each write, the first one after the self-test
    longer: who reads, changes and writes leaves a window for others."""

    def pause(real: Any) -> Any:
        write, waits = real.write, iter([first])

        def slowly(entry: Entry, stored: str) -> None:
            time.sleep(seconds if entry.stage == "self-test" else next(waits, seconds))
            write(entry, stored)

        real.write = slowly
        return real

    return with_back_end(parts, pause)


def _make_small(real: Any) -> BackEnd:
    write = real.write

    def refuse_or_write(entry: Entry, stored: str) -> None:
        if len(stored.encode(WINDOWS.encoding, "surrogatepass")) > WINDOWS.max_bytes:
            raise BackEndUnavailable("error 1783: the stub received bad data")
        write(entry, stored)

    real.limit = WINDOWS
    real.write = refuse_or_write
    back_end: BackEnd = real
    return back_end


def with_back_end(parts: Parts, change: Callable[[Any], Any]) -> Parts:
    """The change is made to what faults have made of a back end: it is the machine's, not the program's."""
    known = parts.replacements.get(Part.STORE_BACK_END, ())
    return Parts({**parts.replacements, Part.STORE_BACK_END: (*known, change)})
