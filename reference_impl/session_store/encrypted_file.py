"""The encrypted-file fallback: one sealed file for each entry, AES-256-GCM (NIST SP 800-38D).

It is used only where the application allows it, by an `EncryptedFiles`, and only where the system has no store of its
own. What it protects against depends on the key; `vault_keys` says it for each, and the store's status carries it.

Against all three: a file that was changed, cut, emptied, or put in another's place makes reading fail with `Tampered`;
nothing altered is ever returned, for each file is bound to its entry. Not noticed is an older copy that is put back as
a whole, and that a file was removed. The sizes of files tell the sizes of values, and their number how many there are;
which accounts they are of, they do not tell.

The vault's folder is 0700 and its files 0600. ``vault``, the header, holds what is needed to open it: salt, a check of
the key (nothing, sealed with it), and a checksum. Where the checksum holds and the key does not, it is another key than
the vault's, as a mistyped passphrase is: `WrongKey`, and nothing is written. The checksum is no secret: whoever can
write the folder can make `WrongKey` of `Tampered`, and nothing worse. Headers without one, of earlier versions, are
read, and given one when they were opened.

A file is written beside the old one, seen on the disk, and put in its place, so a crash leaves the one or the other.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reference_impl.session_store.errors import BackEndUnavailable, NotFound, Tampered, WrongKey
from reference_impl.session_store.files import make_private_folder, remove_file, replace_file, sweep
from reference_impl.session_store.lock import FileLock
from reference_impl.session_store.model import Entry, Limit
from reference_impl.session_store.vault_keys import KEY_BYTES, KeySource

_FORMAT = b"session-vault-1\n"
_CHECKED = b"session-vault-2\n"  # a header with a checksum
_SALT_BYTES, _NONCE_BYTES = 16, 12
_CHECKSUM_BYTES = hashlib.sha256().digest_size
_HEADER, _SEALED = "vault", ".sealed"


@dataclass(frozen=True)
class EncryptedFiles:
    """The leave to keep sign-ins in encrypted files where the system has no store: whose key, and in which folder.

    ``folder`` is the application's own. None: ``vault`` in the folder that the system has for the application's state.
    """

    key: KeySource
    folder: Path | None = None


class EncryptedFileBackEnd:
    """Keeps each entry in a sealed file of its own. The key is asked for at the first use, once."""

    name = "encrypted file"

    def __init__(self, folder: Path, key: KeySource, time_limit: float = 10.0, limit: Limit | None = None) -> None:
        """``time_limit``: seconds to wait for another process that writes."""
        self.limit = limit or Limit()
        self.key = key
        self._folder = folder
        self._lock = FileLock(folder / "lock", time_limit)
        self._cipher: AESGCM | None = None

    def write(self, entry: Entry, stored: str) -> None:
        """Seal ``stored`` and put it in the place of what was there."""
        plain = json.dumps([*astuple(entry), stored]).encode()
        try:
            make_private_folder(self._folder)
            with self._lock.held():
                cipher = self._open()
                self._put(self._path(entry), _seal(cipher, plain, _name(entry)))
        except OSError as error:
            raise BackEndUnavailable(f"the encrypted file cannot be written ({type(error).__name__})") from error

    def read(self, entry: Entry) -> str:
        """Return the kept text. Raises NotFound, Tampered."""
        path = self._path(entry)
        if not self._exists(path):
            raise NotFound(f"no {entry.item} is stored for this account")
        *names, stored = self._unseal(path, _name(entry))
        if names != list(astuple(entry)):
            raise Tampered(f"{path.name} is of another entry")
        return stored

    def delete(self, entry: Entry) -> None:
        """Remove the entry's file. Raises NotFound."""
        try:
            if not self._exists(self._path(entry)):
                raise NotFound(f"no {entry.item} is stored for this account")
            with self._lock.held():
                remove_file(self._path(entry))
        except FileNotFoundError:
            raise NotFound(f"no {entry.item} is stored for this account") from None
        except OSError as error:
            raise BackEndUnavailable(f"the encrypted file cannot be removed ({type(error).__name__})") from error

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries, in an order of no meaning. Raises Tampered."""
        found = []
        for path in sorted(self._folder.glob(f"*{_SEALED}")) if self._folder.is_dir() else ():
            app, stage, account, item, _ = self._unseal(path, path.name.removesuffix(_SEALED))
            found.append(Entry(app, stage, account, item))
        return tuple(found)

    def close(self) -> None:
        """Forget the key."""
        self._cipher = None

    def _path(self, entry: Entry) -> Path:
        return self._folder / (_name(entry) + _SEALED)

    def _put(self, path: Path, content: bytes) -> None:
        """Put a sealed entry in the place of what was there. Raises OSError."""
        replace_file(path, content)

    def _exists(self, path: Path) -> bool:
        try:
            return path.exists()
        except OSError as error:
            raise BackEndUnavailable(f"the encrypted file cannot be read ({type(error).__name__})") from error

    def _unseal(self, path: Path, name: str) -> list[str]:
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            raise NotFound("the entry was removed meanwhile") from None
        except OSError as error:
            raise BackEndUnavailable(f"the encrypted file cannot be read ({type(error).__name__})") from error
        if self._cipher is None:
            try:
                with self._lock.held():
                    self._open()
            except OSError as error:
                raise BackEndUnavailable(f"the vault cannot be opened ({type(error).__name__})") from error
        assert self._cipher is not None
        fields: list[str] = json.loads(_unsealed(self._cipher, sealed, name))
        return fields

    def _open(self) -> AESGCM:
        """Derive the key, once; make the vault where there is none. The lock is held.

        Raises WrongKey, Tampered, OSError.
        """
        if self._cipher is None:
            sweep(self._folder)
            header = self._folder / _HEADER
            self._cipher = self._open_with(header) if header.exists() else self._make(header)
        return self._cipher

    def _make(self, header: Path) -> AESGCM:
        if any(self._folder.glob(f"*{_SEALED}")):
            raise Tampered(f"{header} is gone, and with it the way to the key; clear the folder, sign in again")
        salt = secrets.token_bytes(_SALT_BYTES)
        cipher = self._derive(salt)
        replace_file(header, _header(salt, cipher))
        return cipher

    def _open_with(self, header: Path) -> AESGCM:
        content = header.read_bytes()
        salt, check = _parse(content)
        cipher = self._derive(salt)
        try:
            _unsealed(cipher, check, _HEADER)
        except Tampered:
            if content.startswith(_CHECKED):
                raise WrongKey(
                    f"this key is not the one of {self._folder}; what is in it is untouched. Give the passphrase or "
                    "key that it was made with; only where that is lost, clear the folder, and sign in again"
                ) from None
            raise
        if not content.startswith(_CHECKED):
            with suppress(OSError):  # it was opened all the same
                replace_file(header, _header(salt, cipher))
        return cipher

    def _derive(self, salt: bytes) -> AESGCM:
        key = self.key.derive(salt, self._folder)
        assert len(key) == KEY_BYTES
        return AESGCM(key)


def _name(entry: Entry) -> str:
    return hashlib.sha256(f"{entry.service}\n{entry.username}".encode()).hexdigest()


def _header(salt: bytes, cipher: AESGCM) -> bytes:
    content = _CHECKED + salt + _seal(cipher, b"", _HEADER)
    return content + hashlib.sha256(content).digest()


def _parse(header: bytes) -> tuple[bytes, bytes]:
    """Return salt and sealed check of the key. Raises Tampered."""
    content = header
    if header.startswith(_CHECKED):
        content, checksum = header[:-_CHECKSUM_BYTES], header[-_CHECKSUM_BYTES:]
        if hashlib.sha256(content).digest() != checksum:
            raise Tampered("the vault's header was changed, or cut; clear the folder, and sign in again")
    salt, check = content[len(_FORMAT) :][:_SALT_BYTES], content[len(_FORMAT) + _SALT_BYTES :]
    if not content.startswith((_FORMAT, _CHECKED)) or len(salt) < _SALT_BYTES:
        raise Tampered("the vault's header is not one; clear the folder, and sign in again")
    return salt, check


def _seal(cipher: AESGCM, plain: bytes, name: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _FORMAT + nonce + cipher.encrypt(nonce, plain, _FORMAT + name.encode())


def _unsealed(cipher: AESGCM, sealed: bytes, name: str) -> bytes:
    if not sealed.startswith(_FORMAT):
        raise Tampered("an encrypted file is not in this store's form: it was changed, or cut")
    rest = sealed[len(_FORMAT) :]
    try:
        return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _FORMAT + name.encode())
    except (InvalidTag, ValueError):  # ValueError: shorter than a nonce or a tag
        raise Tampered("an encrypted file was changed, or another key sealed it; clear it, and sign in again") from None
