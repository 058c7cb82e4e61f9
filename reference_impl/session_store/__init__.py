"""A session store for desktop applications: the operating system's secret store, else memory with a warning.

Where the application allows them, encrypted files come between: ``encrypted_files=EncryptedFiles(KeyFile(path))``.

What an application does with it:

    store = open_session_store("my-app")
    store.set("prod", account_id, "refresh_token", token)
    if (warning := store.status().warning) is not None:
        show(warning.consequence, warning.fix)
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from reference_impl.parts import Part, Parts
from reference_impl.session_store.chain import StoreChain
from reference_impl.session_store.encrypted_file import EncryptedFiles
from reference_impl.session_store.errors import (
    BackEndLocked,
    BackEndTimedOut,
    BackEndUnavailable,
    ItemDamaged,
    NotFound,
    SessionStoreError,
    Tampered,
    TooLarge,
    ValueRefused,
    WrongKey,
)
from reference_impl.session_store.local_storage import LocalStorage
from reference_impl.session_store.model import ITEMS, Moved, SelfTest, StorageStatus, StorageWarning, ThreatModel
from reference_impl.session_store.recovery import keep_looking
from reference_impl.session_store.store import SessionStore
from reference_impl.session_store.vault_keys import KeyFile, Passphrase, SystemdCredential

__all__ = [
    "ITEMS",
    "BackEndLocked",
    "BackEndTimedOut",
    "BackEndUnavailable",
    "EncryptedFiles",
    "ItemDamaged",
    "KeyFile",
    "LocalStorage",
    "Moved",
    "NotFound",
    "Passphrase",
    "SelfTest",
    "SessionStore",
    "SessionStoreError",
    "StorageStatus",
    "StorageWarning",
    "StoreChain",
    "SystemdCredential",
    "Tampered",
    "ThreatModel",
    "TooLarge",
    "ValueRefused",
    "WrongKey",
    "keep_looking",
    "open_session_store",
]


def open_session_store(
    app: str,
    *,
    environ: Mapping[str, str] = os.environ,
    switch: str | None = None,
    item_names: tuple[str, ...] = ITEMS,
    time_limit: float = 10.0,
    encrypted_files: EncryptedFiles | None = None,
    local_storage: LocalStorage | None = None,
    parts: Parts | None = None,
) -> SessionStore:
    """Open the store of this machine's user, or a memory-only one that says so.

    ``app`` keeps applications apart. ``switch`` is the full class name of a keyring back end that the user asked for;
    it is used only when it is safe. ``time_limit``: seconds for each call to the back end. ``encrypted_files``: the
    leave to keep sign-ins in encrypted files where the system has no store. ``local_storage``: where an earlier version
    kept them in plain text; what is there is brought to the store and removed, as is what files hold once the system
    has a store. Opening takes about 0.3 s, for it starts two processes and tests the back end; up to a few time limits
    where the back end hangs.
    """
    parts = parts or Parts()
    chain = StoreChain(app, environ, switch, item_names, time_limit, parts, encrypted_files, local_storage)
    return parts.choose(Part.SESSION_STORE, chain).open()
