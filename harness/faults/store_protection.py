"""Faults of how stored credentials are protected at rest."""

from __future__ import annotations

import os
import secrets
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.faults.registry import fault
from harness.faults.store_persistence import Wrapped
from reference_impl.parts import Part
from reference_impl.session_store import NotFound, StoreChain
from reference_impl.session_store.encrypted_file import EncryptedFileBackEnd
from reference_impl.session_store.errors import Tampered
from reference_impl.session_store.model import Entry
from reference_impl.session_store.vault_keys import KEY_BYTES, KeyFile

SESSION = "/org/freedesktop/secrets/collection/session"


@fault("F-STORE-14-a", "STORE-14.E1", Part.STORE_BACK_END)
def items_lie_in_another_collection_than_that_of_the_login(real: Any) -> Any:
    """The equivalent on Linux of a Windows item that roams: not in the store that the system binds to its user."""

    class Elsewhere(Wrapped):
        def write(self, entry: Entry, stored: str) -> None:
            self._real.write(entry, stored)
            if entry.stage == "self-test" or isinstance(self._real, EncryptedFileBackEnd):
                return
            import secretstorage  # only where there is a Secret Service
            from jeepney.io.blocking import open_dbus_connection

            with closing(open_dbus_connection(bus=os.environ["DBUS_SESSION_BUS_ADDRESS"])) as connection:
                attributes = {"service": entry.service, "username": entry.username}
                for item in list(secretstorage.search_items(connection, attributes)):
                    item.delete()
                collection = secretstorage.Collection(connection, SESSION)
                collection.create_item(entry.username, attributes, stored.encode(), replace=True)

    return Elsewhere(real)


@dataclass(frozen=True)
class KeyInVault:
    """A key file that lies next to the vault's own files."""

    name = "a key file"
    threat_model = KeyFile.threat_model

    def derive(self, salt: bytes, vault: Path) -> bytes:
        file = vault / "vault.key"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_bytes(secrets.token_bytes(KEY_BYTES))
        return file.read_bytes()


@dataclass(frozen=True)
class BuiltInKey:
    """A key that every installation has."""

    name = "a key of the application's"
    threat_model = KeyFile.threat_model

    def derive(self, salt: bytes, vault: Path) -> bytes:
        return b"the same key in every copy of it"


def _with_key(real: StoreChain, key: Any) -> StoreChain:
    files = real.encrypted_files
    return real if files is None else replace(real, encrypted_files=replace(files, key=key))


@fault("F-STORE-14-c", "STORE-14.E4", Part.SESSION_STORE)
def the_key_file_lies_next_to_the_vault(real: StoreChain) -> StoreChain:
    return _with_key(real, KeyInVault())


@fault("F-STORE-14-x1", "STORE-14.E2", Part.SESSION_STORE)
def the_key_is_built_in(real: StoreChain) -> StoreChain:
    return _with_key(real, BuiltInKey())


@fault("F-STORE-14-x2", "STORE-14.E3", Part.STORE_BACK_END)
def a_vault_that_was_changed_counts_as_empty(real: Any) -> Any:
    class Forgiving(Wrapped):
        def read(self, entry: Entry) -> str:
            try:
                return str(self._real.read(entry))
            except Tampered:
                raise NotFound("nothing is stored under this name") from None

    return Forgiving(real)


@fault("F-STORE-14-x3", "STORE-14.E4", Part.STORE_BACK_END)
def the_vault_is_readable_by_everybody(real: Any) -> Any:
    class Open(Wrapped):
        def write(self, entry: Entry, stored: str) -> None:
            self._real.write(entry, stored)
            folder = getattr(self._real, "_folder", None)
            if folder is None:
                return
            folder.chmod(0o755)
            with suppress(OSError):
                for file in folder.iterdir():
                    file.chmod(0o644)

    return Open(real)
