"""What every known place for secrets can do and cannot, as data; the acceptance rules are made of it.

The limits and failures were measured with keyring 25.7 and keyrings.alt 5, or read in their sources.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal

from reference_impl.session_store.model import Limit

_UNLIMITED = Limit()  # holds every value that a store takes

System = Literal["linux", "darwin", "win32", "any"]


@dataclass(frozen=True)
class Capability:
    """One back end.

    ``name``: its full class name, or our own. ``properties``: what protects the secrets, in words. ``limit``: what one
    entry holds. ``quirks``: what it does otherwise than one would expect, and so what this store sees to. ``refused``:
    why it is not taken; None where it is.
    """

    name: str
    title: str
    system: System
    properties: tuple[str, ...]
    limit: Limit = _UNLIMITED
    quirks: tuple[str, ...] = ()
    refused: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether a sign-in may be kept there."""
        return self.refused is None


SECRET_SERVICE = "keyring.backends.SecretService.Keyring"
LIBSECRET = "keyring.backends.libsecret.Keyring"
KWALLET = "keyring.backends.kwallet.DBusKeyring"
MACOS = "keyring.backends.macOS.Keyring"
WINDOWS = "keyring.backends.Windows.WinVaultKeyring"

_HANGS = "waits for ever for its prompt, or for a daemon that stopped: it is called in a process that can be killed"
_LATE = "a call that was given up may still take effect when the daemon goes on"
_SESSION = "unlocked with the user's login, by the login password"

CATALOG = (
    Capability(
        SECRET_SERVICE, "Secret Service (GNOME Keyring, KeePassXC)", "linux",
        ("encrypted by the keyring daemon", _SESSION, "readable by every program of the user while it is unlocked"),
        quirks=(
            _HANGS, _LATE,
            "locked, wrong password and damaged file look the same",
            "a NUL in a name ends the connection",
            "an entry with fewer attributes, of another program, is found beside ours: a write is read back",
            "KeePassXC: overwriting hangs, and deleting leaves the secret in its recycle bin",
        ),
    ),
    Capability(
        LIBSECRET, "libsecret", "linux", ("encrypted by the keyring daemon", _SESSION),
        quirks=(_HANGS, "a NUL cuts the secret without an error"),
    ),
    Capability(
        KWALLET, "KWallet", "linux", ("encrypted by kwalletd", _SESSION),
        quirks=(_HANGS, "a write is lost when the daemon is killed within about 5 s"),
    ),
    Capability(
        MACOS, "macOS Keychain", "darwin",
        ("encrypted by the system", "unlocked with the user's login", "other programs are asked about",
         "not synchronised to iCloud: the attribute is not set"),
        quirks=("keyring deletes before it adds, so a failure loses the old value: here it is updated in place",),
    ),
    Capability(
        WINDOWS, "Windows Credential Locker", "win32",
        ("encrypted by DPAPI with the user's login", "readable by every program of the user",
         "kept on this computer: keyring's default would roam with the profile"),
        limit=Limit(2_560, "utf-16-le"),  # CRED_MAX_CREDENTIAL_BLOB_SIZE
        quirks=(
            "an entry holds 2,560 bytes, 1,280 UTF-16 characters; error 1783 beyond: longer values are split",
            "target names of 255 characters and more are refused, and their case is folded",
            "blobs of other programs in UTF-8 read as other text, without an error",
        ),
    ),
    Capability(
        "encrypted file", "Encrypted file of this store", "any",
        ("AES-256-GCM, bound to the entry", "key by Argon2id from a passphrase, by systemd-creds, or from a key file"),
        quirks=("taken only where the application allows it, and the system has no store",
                "an older copy that is put back is not noticed"),
    ),
    Capability(
        "memory", "Memory of the process", "any", ("nothing is written",),
        quirks=("ends with the process, and the user is told so",),
    ),
    Capability(
        "keyring.backends.null.Keyring", "keyring's null", "any", (), refused="it discards what it is given",
    ),
    Capability(
        "keyring.backends.fail.Keyring", "keyring's fail", "any", (), refused="it stores nothing",
    ),
    Capability(
        "keyring.backends.chainer.ChainerBackend", "keyring's chain", "any", (),
        quirks=("chosen by keyring as soon as two stores are there",
                "does not fall back when the first one is locked"),
        refused="it may write to a weaker store, and returns deleted values from one",
    ),
    Capability(
        "keyrings.alt.file.PlaintextKeyring", "keyrings.alt, plain text", "any", ("base64 in a file",),
        quirks=("chosen silently by keyring where there is no bus",),
        refused="it writes plain text to a file",
    ),
    Capability(
        "keyrings.alt.file.EncryptedKeyring", "keyrings.alt, encrypted", "any",
        ("PBKDF2-SHA1 with 1,000 rounds, AES-CFB, no authentication",),
        quirks=("a flipped bit changes the secret silently", "four writers at once lose two thirds of the entries"),
        refused="its file has no integrity protection, and a weak key derivation",
    ),
    Capability(
        "keyrings.alt.file_base.Keyring", "keyrings.alt, other files", "any", (),
        refused="it keeps entries in a file that the operating system does not protect",
    ),
    Capability(
        "keyring_pass.PasswordStoreBackend", "pass (keyring-pass)", "linux", ("encrypted with GnuPG",),
        quirks=("keeps the first line only", "raises what is no error of keyring"),
        refused="it keeps the first line of a value only",
    ),
    Capability(
        "keyrings.cryptfile.cryptfile.CryptFileKeyring", "keyrings.cryptfile", "any", ("Argon2id, AES-GCM",),
        quirks=("derives its key at every call, 0.3 s each", "an emptied file reads as no entry"),
        refused="a file that was emptied looks to it like one without entries",
    ),
)  # fmt: skip

WEAK_FAMILIES = (
    "keyrings.alt.",
    "keyrings.cryptfile.",
    "keyring_pass.",
    "keyring.backends.null.",
    "keyring.backends.fail.",
    "keyring.backends.chainer.",
)


def capability(name: str) -> Capability | None:
    """Return what is known of a back end by its full name."""
    return next((known for known in CATALOG if known.name == name), None)


def of_this_system(platform: str = sys.platform) -> tuple[Capability, ...]:
    """Return the system's own stores that are taken, in the order in which they are tried."""
    system = platform if platform in ("darwin", "win32") else "linux"
    return tuple(known for known in CATALOG if known.accepted and known.system == system)
