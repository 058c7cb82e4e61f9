"""What is mended of keyring's Windows and macOS back ends, in the worker process that opens them.

Windows: an entry stays on this computer (CRED_PERSIST_LOCAL_MACHINE); keyring's default roams with the profile. Each
entry has a target of its own, ``user@service``; keyring would first take the service's name, and move that entry
away when a second user comes.

macOS: an entry is updated in place (SecItemUpdate); keyring deletes it and adds another, and whatever fails or is
killed in between has lost the sign-in.
"""

from __future__ import annotations

import ctypes
from typing import Any

PERSIST = 2  # CRED_PERSIST_LOCAL_MACHINE (wincred.h)


def mend(opened: Any) -> None:
    """Mend an instance of one of the two. `Any`: keyring's back ends share no typed base worth naming."""
    if type(opened).__module__.startswith("keyring.backends.Windows"):
        opened.persist = PERSIST
        opened.set_password = lambda service, username, password: _set_windows(opened, service, username, password)
    else:
        from keyring.backends.macOS import api

        opened.set_password = lambda service, username, password: set_macos(api, service, username, password)


def _set_windows(opened: Any, service: str, username: str, password: str) -> None:
    opened._set_password(opened._compound_name(username, service), username, password)


def set_macos(api: Any, service: str, username: str, password: str) -> None:
    """Update the entry, or add it where there is none. Raises what keyring's back end raises for these failures."""
    from keyring.errors import KeyringLocked, PasswordSetError

    found = {
        "kSecClass": api.k_("kSecClassGenericPassword"),
        "kSecAttrService": service,
        "kSecAttrAccount": username,
    }
    update = api._sec.SecItemUpdate
    update.restype, update.argtypes = api.OS_status, (ctypes.c_void_p, ctypes.c_void_p)
    try:
        status = update(api.create_query(**found), api.create_query(kSecValueData=password))
        if status == api.error.item_not_found:
            status = api.SecItemAdd(api.create_query(**found, kSecValueData=password), None)
        api.Error.raise_for_status(status)
    except api.KeychainDenied as error:
        raise KeyringLocked(f"the keychain refuses: {error}") from error
    except api.Error as error:
        raise PasswordSetError(f"the keychain refuses: {error}") from error
