"""Which back ends may keep a sign-in: a list of names, and properties that even a named one must have.

Only what the operating system protects is taken. A name that is not on the list is not even imported, for a
configured class can be any code. An encrypted file of the keyring library is not accepted: the known ones have a
constant key, no integrity, or lose entries (CWE-922, OWASP ASVS 5.0.0 14.3.3). Ours is, where the application says so.
"""

from __future__ import annotations

import sys

from reference_impl.session_store.capabilities import (
    CATALOG,
    KWALLET,
    LIBSECRET,
    MACOS,
    SECRET_SERVICE,
    WEAK_FAMILIES,
    WINDOWS,
    of_this_system,
)
from reference_impl.session_store.keyring_back_end import Identity

__all__ = [
    "KWALLET", "LIBSECRET", "MACOS", "SECRET_SERVICE", "TRUSTED", "WEAK", "WINDOWS",
    "candidates", "refuse_identity", "refuse_name",
]  # fmt: skip

TRUSTED = tuple(known.name for known in CATALOG if known.accepted and known.system != "any")
WEAK = {known.name: known.refused for known in CATALOG if known.refused is not None}


def candidates(platform: str = sys.platform) -> tuple[str, ...]:
    """Return the system's own stores, in the order in which they are tried."""
    return tuple(known.name for known in of_this_system(platform))


def refuse_name(name: str, trusted: tuple[str, ...] = TRUSTED) -> str | None:
    """Return why a back end of this name is refused, or None. Nothing is imported."""
    if name in WEAK:
        return WEAK[name]
    if name.startswith(WEAK_FAMILIES):
        return "it belongs to a family of stores without the operating system's protection"
    if name not in trusted:
        return f"it is not a store of the operating system; accepted are: {', '.join(trusted)}"
    return None


def refuse_identity(identity: Identity) -> str | None:
    """Return why a back end is refused for what it turned out to be, or None."""
    for base in identity.lineage:
        if base in WEAK or base.startswith(WEAK_FAMILIES):
            return f"it is built on {base}: {WEAK.get(base, 'a weak store')}"
    if identity.members:
        return f"it is a chain of {', '.join(identity.members)}, and a chain may write to the weakest"
    if identity.file is not None:
        return f"it keeps entries in a file of its own: {identity.file}"
    if identity.collection is not None and identity.collection.rstrip("/").endswith("/session"):
        return f"its collection {identity.collection} is discarded when its daemon ends"
    if not identity.priority >= 1:  # so that NaN is refused too
        return f"its own author does not recommend it (priority {identity.priority:g}, below 1)"
    return None
