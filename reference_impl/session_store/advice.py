"""The words of the storage warning: what will happen, and what to do about it on this system."""

from __future__ import annotations

import sys

from reference_impl.session_store.errors import BackEndTimedOut, WrongKey
from reference_impl.session_store.model import Rejection, StorageWarning

CONSEQUENCE = (
    "Your sign-in will be lost on exit. It is kept in memory only, until secure storage is available: "
    "you will have to sign in again after each start."
)
_FIXES = {
    "win32": 'Start the Windows service "Credential Manager" (VaultSvc), then restart the app.',
    "darwin": "Unlock the login keychain in Keychain Access and allow the app to use it, then restart the app.",
    "linux": (
        "Install and start a Secret Service such as gnome-keyring (Debian, Ubuntu: sudo apt install gnome-keyring), "
        "sign in to the desktop again so that it is unlocked, then restart the app."
    ),
}
HANGING = (
    "The system's keyring does not answer in time. Sign out of this computer and in again, or restart it; then restart "
    "the app."
)
UNWRITTEN = StorageWarning(
    "The latest change of your sign-in could not be stored. It may be lost on exit.",
    "Unlock the system's keyring; the app stores it with the next change. Otherwise sign in again after the restart.",
)
UNMOVED = StorageWarning(
    "A sign-in of an earlier start still lies where it is protected less, for it could not be moved to the secure "
    "store, or not be removed there. You stay signed in.",
    "Restart the app, which tries again. If this stays, sign out and sign in again.",
)
LOCKED = StorageWarning(
    "Your keyring is locked, so your saved sign-in can be neither read nor changed. It is still there: "
    "you are not signed out. A new sign-in would be lost on exit.",
    'Choose "Unlock and try again" and give the system your password, or unlock the keyring and try again.',
)


WRONG_KEY = (
    "The encrypted file of your saved sign-in has another passphrase or key than the one given. It is untouched: "
    "restart the app and give the right one."
)


def warn(rejections: tuple[Rejection, ...], platform: str = sys.platform) -> StorageWarning | None:
    """Return the warning for a memory-only session: the user's own setting comes before the system's store."""
    fix = _fix(rejections, platform)
    files = [rejection for rejection in rejections if rejection.source == APPLICATION]
    asked = [rejection for rejection in rejections if rejection.source not in (SYSTEM, APPLICATION)]
    if files:
        wrong_key = WrongKey.__name__ in files[0].reason
        fix = WRONG_KEY if wrong_key else f"The encrypted file cannot be used ({files[0].reason}). {fix}"
    if asked:
        fix = f"Remove {asked[0].back_end} from {asked[0].source} ({asked[0].reason}), then restart the app."
    return StorageWarning(CONSEQUENCE, fix)


def warn_of_files(key: str, rejections: tuple[Rejection, ...] = (), platform: str = sys.platform) -> StorageWarning:
    """Return the warning for a session in encrypted files, locked by ``key``."""
    return StorageWarning(
        f"Your sign-in is kept in an encrypted file, locked by {key}: this protects it less than the system's own "
        "store. It stays after a restart.",
        _fix(rejections, platform),
    )


def _fix(rejections: tuple[Rejection, ...], platform: str) -> str:
    """Return what mends the system's store: one that hangs is not one that is missing."""
    system = [rejection for rejection in rejections if rejection.source == SYSTEM]
    hangs = any(BackEndTimedOut.__name__ in rejection.reason for rejection in system)
    return HANGING if hangs else _FIXES.get(platform, _FIXES["linux"])


SYSTEM, APPLICATION = "the system", "the application"
