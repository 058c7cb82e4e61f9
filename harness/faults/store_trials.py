"""Faults of the session store under stress: large values, several writers, and crashes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from harness.faults.registry import fault
from harness.faults.store import Opens
from reference_impl.oauth_client import GrantRefused, OAuthClient, Tokens
from reference_impl.parts import Part
from reference_impl.session_store import SessionStore, StoreChain
from reference_impl.session_store.encrypted_file import EncryptedFileBackEnd
from reference_impl.session_store.errors import BackEndTimedOut, BackEndUnavailable, NotFound
from reference_impl.session_store.lock import FileLock
from reference_impl.session_store.model import Entry
from reference_impl.session_store.splitting import SplitEntries
from reference_impl.token_manager import TokenManager

SIZE = 1_000  # characters that fit into a small entry


@fault("F-STORE-11-b", "STORE-11.E2", Part.STORE_ENTRIES)
def the_error_of_a_value_that_is_too_large_is_swallowed(real: SplitEntries) -> SplitEntries:
    """Win32 error 1783 is swallowed; the old token silently stays while the server has rotated it."""

    class Silent(SplitEntries):
        def write(self, entry: Entry, stored: str) -> None:
            with suppress(BackEndUnavailable):
                self.back_end.write(entry, stored)

    return Silent(real.back_end)


@fault("F-STORE-11-c", "STORE-11.E4", Part.STORE_ENTRIES)
def clear_removes_the_first_part_only(real: SplitEntries) -> SplitEntries:
    class Forgetful(SplitEntries):
        def delete(self, entry: Entry) -> None:
            self.back_end.delete(entry)
            with suppress(NotFound):
                self.back_end.delete(replace(entry, item=f"{entry.item}~a~0"))

    return Forgetful(real.back_end)


@fault("F-STORE-11-x1", "STORE-11.E1", Part.STORE_ENTRIES)
def what_does_not_fit_is_cut_off(real: SplitEntries) -> SplitEntries:
    class Cutting(SplitEntries):
        def write(self, entry: Entry, stored: str) -> None:
            self.back_end.write(entry, stored if self._fits(stored) else stored[: SIZE // 2])

    return Cutting(real.back_end)


class InPlace(SplitEntries):
    """Writes parts over those of the value before, and reads whatever parts there are."""

    def write(self, entry: Entry, stored: str) -> None:
        parts = [stored[begin : begin + SIZE] for begin in range(0, len(stored), SIZE)]
        self.back_end.write(entry, f"{len(parts)} parts")
        for number, part in enumerate(parts):
            self.back_end.write(_numbered(entry, number), part)

    def read(self, entry: Entry) -> str:
        count = int(self.back_end.read(entry).split()[0])
        return "".join(self._part_or_nothing(entry, number) for number in range(count))

    def delete(self, entry: Entry) -> None:
        count = int(self.back_end.read(entry).split()[0])
        self.back_end.delete(entry)
        for number in range(count):
            with suppress(NotFound):
                self.back_end.delete(_numbered(entry, number))

    def _part_or_nothing(self, entry: Entry, number: int) -> str:
        try:
            return self.back_end.read(_numbered(entry, number))
        except NotFound:
            return ""


def _numbered(entry: Entry, number: int) -> Entry:
    return replace(entry, item=f"{entry.item}~{number}")


@fault("F-STORE-11-x2", "STORE-11.E3", Part.STORE_ENTRIES)
def parts_are_written_over_those_before(real: SplitEntries) -> SplitEntries:
    return InPlace(real.back_end)


@fault("F-STORE-12-c", "STORE-12.E1", Part.STORE_ENTRIES)
def a_value_in_parts_is_read_while_half_written(real: SplitEntries) -> SplitEntries:
    """Multi-part value is read while half written."""
    return InPlace(real.back_end)


class NoLock:
    """Keeps nobody out."""

    @contextmanager
    def held(self) -> Iterator[None]:
        yield


@fault("F-STORE-12-x1", "STORE-12.E2", Part.STORE_LOCK)
def there_is_no_lock_between_processes(real: FileLock) -> NoLock:
    return NoLock()


class Marker:
    """A lock that is a file which is there, or is not: a killed holder leaves it for ever."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name("marker")
        self._threads = threading.RLock()
        self._depth = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._threads:
            if self._depth == 0:
                self._take()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._path.unlink()

    def _take(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            with suppress(FileExistsError):
                self._path.touch(exist_ok=False)
                return
            time.sleep(0.001)
        raise BackEndTimedOut("the marker of another process is there")


@fault("F-STORE-12-x2", "STORE-12.E4", Part.STORE_LOCK)
def the_lock_of_a_killed_process_stays(real: FileLock) -> Marker:
    return Marker(real.path)


class OneBlob(SplitEntries):
    """All entries of all accounts in one text."""

    def read(self, entry: Entry) -> str:
        try:
            return self._blob(entry)[_key(entry)]
        except KeyError:
            raise NotFound("nothing is stored under this name") from None

    def holds(self, entry: Entry) -> bool:
        return _key(entry) in self._blob(entry)

    def write(self, entry: Entry, stored: str) -> None:
        super().write(_blob_of(entry), json.dumps({**self._blob(entry), _key(entry): stored}))

    def delete(self, entry: Entry) -> None:
        blob = self._blob(entry)
        if blob.pop(_key(entry), None) is None:
            raise NotFound("nothing is stored under this name")
        super().write(_blob_of(entry), json.dumps(blob))

    def _blob(self, entry: Entry) -> dict[str, str]:
        try:
            blob: dict[str, str] = json.loads(super().read(_blob_of(entry)))
        except NotFound:
            return {}
        return blob


def _key(entry: Entry) -> str:
    return f"{entry.service} {entry.username}"


def _blob_of(entry: Entry) -> Entry:
    return Entry(entry.app, "all", "accounts", "blob")


@fault("F-STORE-12-a", "STORE-12.E3", Part.SESSION_STORE)
def all_accounts_share_one_text_without_a_lock(real: StoreChain) -> Opens:
    """All accounts share one JSON blob updated without a lock; B disappears."""

    def open_shared() -> SessionStore:
        opened = real.open()
        opened._entries = OneBlob
        opened._lock = NoLock()
        return opened

    return Opens(open_shared)


@fault("F-STORE-13-a", "STORE-13.E1", Part.VAULT)
def the_vault_is_rewritten_in_place(real: EncryptedFileBackEnd) -> EncryptedFileBackEnd:
    """Vault is truncated and rewritten in place; a crash leaves 0 bytes."""

    class InPlaceVault(EncryptedFileBackEnd):
        def _put(self, path: Path, content: bytes) -> None:
            with path.open("wb") as file:
                file.flush()
                file.write(content)

    real.__class__ = InPlaceVault
    return real


@fault("F-STORE-13-d", "STORE-13.E4", Part.VAULT)
def the_temporary_file_is_left_for_everybody(real: EncryptedFileBackEnd) -> EncryptedFileBackEnd:
    """Temp file with the new token is left world-readable."""

    class Leaving(EncryptedFileBackEnd):
        def write(self, entry: Entry, stored: str) -> None:
            super().write(entry, stored)
            beside = self._path(entry).with_suffix(".tmp")
            beside.write_text(stored)
            beside.chmod(0o644)

    real.__class__ = Leaving
    return real


@fault("F-STORE-13-x1", "STORE-13.E1", Part.VAULT)
def nobody_waits_for_the_disk(real: EncryptedFileBackEnd) -> EncryptedFileBackEnd:
    class Hasty(EncryptedFileBackEnd):
        def _put(self, path: Path, content: bytes) -> None:
            beside = path.with_suffix(".unfinished")
            beside.touch(0o600)
            beside.write_bytes(content)
            beside.replace(path)

    real.__class__ = Hasty
    return real


@fault("F-STORE-13-c", "STORE-13.E3", Part.TOKEN_MANAGER)
def the_access_token_is_published_first(real: TokenManager) -> TokenManager:
    """Access token is published first and the refresh token is stored lazily."""

    class Lazy(TokenManager):
        def adopt(self, tokens: Tokens) -> None:
            self._tokens = tokens
            later = threading.Timer(0.5, lambda: self.vault.save(tokens.refresh_token))
            later.daemon = True
            later.start()

    real.__class__ = Lazy
    return real


@fault("F-STORE-13-x2", "STORE-13.E2", Part.OAUTH_CLIENT)
def a_refused_refresh_is_tried_again_and_again(real: OAuthClient) -> OAuthClient:
    class Insisting(OAuthClient):
        def refresh(self, refresh_token: str) -> Tokens:
            for _ in range(5):
                with suppress(GrantRefused):
                    return super().refresh(refresh_token)
            return super().refresh(refresh_token)

    real.__class__ = Insisting
    return real
