"""The places between which a sign-in is moved: what an application has of old, and a system's store that is played.

The store of the system is sealed files here. So it can be looked at, put back, and used by forks; that the chain moves
things to a real one is seen elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from harness.probes.local_storage import leave_profile
from harness.targets.reference_trials.kills import Folder
from reference_impl.parts import Part, Parts
from reference_impl.session_store import EncryptedFiles, KeyFile, LocalStorage, NotFound, SessionStore, StoreChain
from reference_impl.session_store.encrypted_file import EncryptedFileBackEnd
from reference_impl.session_store.errors import SessionStoreError
from reference_impl.session_store.model import Entry, Rejection, SelfTest, Settled, StorageStatus
from reference_impl.session_store.values import Kept, decode

__all__ = ["FILES", "LOCAL_STORAGE", "MEMORY", "SYSTEM", "Places"]

LOCAL_STORAGE, FILES, MEMORY = "local storage", "encrypted files", "memory"
SYSTEM = "a system's store"
APP, ADDRESS, KEY = "moved", ("prod", "mover", "refresh_token"), "auth.refresh_token"
ENTRY = Entry(APP, *ADDRESS)
HOUR = 3600.0  # seconds


class System(EncryptedFileBackEnd):
    """The system's store, as far as the chain can tell."""

    name = SYSTEM


@dataclass(frozen=True)
class PlayedChain(StoreChain):
    """A chain that finds the system's store where its folder is."""

    system: Path = Path()
    key: KeyFile = field(default_factory=lambda: KeyFile(Path()))

    def _system_store(self, rejections: list[Rejection], tests: list[SelfTest]) -> Settled | None:
        if not self.system.exists():
            return None
        store = self._used(System(self.system, self.key))
        return Settled(store, StorageStatus("secure", store.name), None)


class Places:
    """`source` is where the sign-in lies; `old` and `new` are the values."""

    def __init__(self, environ: Mapping[str, str], source: str, old: str, new: str) -> None:
        self._environ, self.source, self.old, self.new = environ, source, old, new
        root = Path(environ["HOME"]) / f"trial-of-{source.replace(' ', '-')}"
        self.folder = Folder(root)
        self.system, self._vault, self._profile = root / "system", root / "vault", root / "profile"
        self._key = KeyFile(root.with_name("trial-key") / "key")

    def open(self, parts: Parts) -> SessionStore:
        """A start of the application."""
        allowed = None if self.source == MEMORY else EncryptedFiles(self._key, self._vault)
        earlier = LocalStorage(self._profile / "local-storage.json", {KEY: ADDRESS}, (self._profile / "Local Storage",))
        chain = PlayedChain(
            APP, self._environ, parts=parts, log=lambda fields: None, system=self.system,
            key=self._key, encrypted_files=allowed, local_storage=earlier,
        )  # fmt: skip
        store: SessionStore = parts.choose(Part.SESSION_STORE, chain).open()
        return store

    def furnish(self, held: str) -> None:
        """Leave the newest value in the source, and what the store is to have held before: `nothing`, `an older
        value`, or `a newer value`, in which case it is the source's that is older."""
        moved = self._moved(held)
        self.folder.path.mkdir(parents=True)
        if self.source == LOCAL_STORAGE:
            leave_profile(self._profile, {KEY: moved, "theme": "dark"}, {KEY: "something older still"})
        elif self.source == FILES:
            fallback = self.open(Parts())
            fallback.set(*ADDRESS, moved)
            fallback.close()
        if self.source != MEMORY:
            self._appear(held)
        self.folder.keep()

    def in_memory(self, parts: Parts, held: str) -> SessionStore:
        """A running application whose sign-in is in memory, and the system's store that has come back."""
        store = self.open(parts)
        store.set(*ADDRESS, self._moved(held))
        self._appear(held)
        return store

    def _moved(self, held: str) -> str:
        return self.old if held == "a newer value" else self.new

    def _appear(self, held: str) -> None:
        """Let the system's store be there, and what it holds."""
        self.system.mkdir()
        if held != "nothing":
            value, age = (self.new, HOUR) if held == "a newer value" else (self.old, -HOUR)
            played = SessionStore(APP, System(self.system, self._key), StorageStatus("secure", SYSTEM))
            played.put(*ADDRESS, Kept(value, round((time.time() + age) * 1000)))

    def name_of(self, value: object) -> str:
        return {self.new: "newest", self.old: "older"}.get(str(value), "other")

    def read(self, store: SessionStore) -> str:
        """What a client reads."""
        try:
            return self.name_of(store.get(*ADDRESS))
        except NotFound:
            return "missing"
        except SessionStoreError:
            return "error"

    def stored(self) -> str:
        """What the system's store holds, looked at without a client."""
        return self._held_in(System(self.system, self._key))

    def copies(self) -> list[str]:
        """Where the newest value lies so that a client can read it."""
        found = [SYSTEM] if self.stored() == "newest" else []
        found += [FILES] if self._held_in(EncryptedFileBackEnd(self._vault, self._key)) == "newest" else []
        export = self._profile / "local-storage.json"
        return found + ([LOCAL_STORAGE] if export.is_file() and self.new in export.read_text() else [])

    def left(self) -> list[str]:
        """Where something of either value lies beside the system's store."""
        texts = {name for value in (self.old, self.new) for name in self.folder.holding(value)}
        sealed = {str(path.relative_to(self.folder.path)) for path in self._vault.glob("*.sealed*")}
        return sorted(texts | sealed)

    def _held_in(self, back_end: EncryptedFileBackEnd) -> str:
        with suppress(SessionStoreError):
            return self.name_of(decode(back_end.read(ENTRY)).value)
        return "missing"
