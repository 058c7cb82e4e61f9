"""Where the key of an encrypted file comes from, and what each way protects against.

A file is as safe as its key. A passphrase that only the user knows is the best of the three; a key that the system
seals to this machine comes next; a key in a file of the owner's is the least: it keeps the sign-in out of backups and
synchronised folders that hold the vault without the key, and protects from no program that runs as the user.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from reference_impl.session_store.errors import BackEndLocked, BackEndUnavailable
from reference_impl.session_store.files import make_private_folder, replace_file
from reference_impl.session_store.model import ThreatModel

KEY_BYTES = 32
_SEAL_SECONDS = 10.0  # systemd-creds answers in milliseconds
_ROLLBACK = "somebody who can write the folder and puts an older copy of it back"


class KeySource(Protocol):
    """Gives the key of a vault."""

    @property
    def name(self) -> str:
        """What users read: how the file is protected."""

    @property
    def threat_model(self) -> ThreatModel:
        """Against what this protects, and against what it does not."""

    def derive(self, salt: bytes, vault: Path) -> bytes:
        """Return `KEY_BYTES` bytes for the vault in this folder. Raises BackEndUnavailable."""


@dataclass(frozen=True)
class Passphrase:
    """Argon2id (RFC 9106 §4, second choice: 3 passes, 64 MiB, 4 lanes), about 0.1 s once for each start."""

    passphrase: str = field(repr=False)
    name = "a passphrase"
    threat_model = ThreatModel(
        protects=(
            "somebody who has the file: a stolen disk, a backup, another user of this computer",
            "a change of the file: it is noticed, and nothing altered is ever returned",
        ),
        does_not_protect=(
            "a program that runs as the user while the application does",
            "a passphrase that can be guessed: each guess costs 64 MiB and a tenth of a second",
            _ROLLBACK,
        ),
    )

    def derive(self, salt: bytes, vault: Path) -> bytes:
        """Raises BackEndLocked where the passphrase is empty."""
        if not self.passphrase:
            raise BackEndLocked("the passphrase of the encrypted file was not given")
        return Argon2id(salt=salt, length=KEY_BYTES, iterations=3, lanes=4, memory_cost=64 * 1024).derive(
            self.passphrase.encode()
        )


@dataclass(frozen=True)
class KeyFile:
    """A random key in a file of mode 0600, made when first asked for, and never beside the vault."""

    path: Path
    name = "a key file of this user"
    threat_model = ThreatModel(
        protects=(
            "somebody who has the vault without the key file: a backup or a synchronised folder of the vault alone",
            "another user of this computer",
            "a change of the file: it is noticed, and nothing altered is ever returned",
        ),
        does_not_protect=(
            "a program that runs as the user, at any time",
            "somebody who has the whole disk or home folder",
            _ROLLBACK,
        ),
    )

    def derive(self, salt: bytes, vault: Path) -> bytes:
        """Raises BackEndUnavailable where others may read the key, or it lies in the vault's folder."""
        if self.path.resolve().parent == vault.resolve():
            raise BackEndUnavailable(f"the key file {self.path} lies beside what it locks; keep it in another folder")
        try:
            return _expand(self._read_or_make(), salt)
        except OSError as error:
            raise BackEndUnavailable(f"the key file {self.path}: {type(error).__name__}") from error

    def _read_or_make(self) -> bytes:
        if not self.path.exists():
            make_private_folder(self.path.parent)
            replace_file(self.path, secrets.token_bytes(KEY_BYTES))
        found = self.path.stat()
        if os.name == "posix" and (found.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or found.st_uid != os.geteuid()):
            raise BackEndUnavailable(f"others may read the key file {self.path}; chmod 600 it, and sign in again")
        key = self.path.read_bytes()
        if len(key) != KEY_BYTES:
            raise BackEndUnavailable(f"the key file {self.path} is not whole; remove it, and sign in again")
        return key


@dataclass(frozen=True)
class SystemdCredential:
    """A random key that systemd-creds has sealed with the key of this host, or its TPM; it lies in ``path`` sealed."""

    path: Path
    name = "a key that this computer seals (systemd-creds)"
    threat_model = ThreatModel(
        protects=(
            "somebody who has the files on another computer: a backup, or a disk without the host's key",
            "a change of the file: it is noticed, and nothing altered is ever returned",
        ),
        does_not_protect=(
            "a program that runs as the user or as root on this computer",
            "without a TPM: somebody who has the whole disk, with /var/lib/systemd/credential.secret",
            _ROLLBACK,
        ),
    )

    @staticmethod
    def is_here() -> bool:
        """Tell whether this system has systemd-creds."""
        return shutil.which("systemd-creds") is not None

    def derive(self, salt: bytes, vault: Path) -> bytes:
        """Raises BackEndUnavailable where systemd-creds is missing, refuses, or is asked on another computer."""
        try:
            if not self.path.exists():
                make_private_folder(self.path.parent)
                replace_file(self.path, self._run("encrypt", secrets.token_bytes(KEY_BYTES)))
            return _expand(self._run("decrypt", self.path.read_bytes()), salt)
        except (OSError, subprocess.SubprocessError) as error:
            # Its own message is left out: an error of subprocess holds what was piped.
            raise BackEndUnavailable(f"systemd-creds did not give the key ({type(error).__name__})") from None

    def _run(self, verb: str, data: bytes) -> bytes:
        name = "--name=session-store"
        with_key = ["--with-key=auto"] if verb == "encrypt" else []
        return subprocess.run(
            ["systemd-creds", verb, name, *with_key, "-", "-"],
            input=data, capture_output=True, check=True, timeout=_SEAL_SECONDS,
        ).stdout  # fmt: skip


def _expand(key: bytes, salt: bytes) -> bytes:
    """Return a key for this vault alone (RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt, b"session store").derive(key)
