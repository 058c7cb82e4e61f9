"""A keyring back end as weak as Electron's `basic_text`: it encrypts, and its key stands in its source.

It says of itself that it is available and recommended. A store must refuse it all the same; where one does not, the
harness opens its file with the same key and finds what was written.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from cryptography.fernet import Fernet
from keyring.backend import KeyringBackend
from keyring.compat import properties

__all__ = ["FILE", "ConstantKeyKeyring", "decrypted"]

FILE = "constant_key_pass.cfg"
_KEY = b"cGVhbnV0cy1wZWFudXRzLXBlYW51dHMtcGVhbnV0cyE="  # "peanuts" over and over, as Chromium's


class ConstantKeyKeyring(KeyringBackend):
    """Keeps entries in `$XDG_DATA_HOME/constant_key_pass.cfg`."""

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 it is a property of the class
        return 5

    def set_password(self, service: str, username: str, password: str) -> None:
        entries = self._read()
        entries[f"{service}\n{username}"] = password
        self._write(entries)

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service}\n{username}")

    def delete_password(self, service: str, username: str) -> None:
        entries = self._read()
        del entries[f"{service}\n{username}"]
        self._write(entries)

    def _read(self) -> dict[str, str]:
        text = decrypted(self._file())
        entries: dict[str, str] = json.loads(text) if text else {}
        return entries

    def _write(self, entries: dict[str, str]) -> None:
        self._file().parent.mkdir(parents=True, exist_ok=True)
        self._file().write_bytes(Fernet(_KEY).encrypt(json.dumps(entries).encode()))

    def _file(self) -> Path:
        return Path(os.environ["XDG_DATA_HOME"]) / FILE


def decrypted(file: Path) -> bytes:
    """What the file holds, by the constant key; nothing where there is no such file."""
    return Fernet(_KEY).decrypt(file.read_bytes()) if file.exists() else b""
