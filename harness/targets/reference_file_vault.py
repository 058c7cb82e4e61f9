"""The reference's encrypted-file vault, opened as an application opens it that allows one, in this process."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import shutil
from pathlib import Path
from stat import S_IMODE
from tempfile import TemporaryDirectory

from harness.faults.launch import parts_of
from harness.observations import AccessAttempt, FileMode, FileModes, StoreOperation, TamperTable
from harness.observe import Recorder
from harness.probes.second_user import can_be_another, read_as_another
from harness.probes.tampering import tampered
from harness.targets.reference_host import ReferenceHost
from reference_impl.parts import Part
from reference_impl.session_store import SessionStore, SessionStoreError, StorageStatus, StoreChain
from reference_impl.session_store.encrypted_file import EncryptedFileBackEnd, EncryptedFiles
from reference_impl.session_store.vault_keys import KeyFile

__all__ = ["ReferenceFileVault"]

ACCOUNT, ITEM = "witness", "refresh_token"
UNCHANGED = "exact"
KEY_LENGTHS = (16, 24, 32)  # bytes of the keys of AES
UNLOCKING = "lock"  # the file by which writers are kept apart: it holds nothing


class ReferenceFileVault:
    """Its files lie below a folder of this object alone: the vault in one, the key in another."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        self._target, self._stage, self._recorder = target, stage, recorder
        self._about = {"stage": stage, "vault": "encrypted files"}
        self._home = TemporaryDirectory(dir=target.folder, prefix="vault-", ignore_cleanup_errors=True)
        self._vault = Path(self._home.name, "state", "vault")
        self._key = Path(self._home.name, "keys", "vault.key")
        self._parts = parts_of(target.faults, stage)
        self._canary = secrets.token_urlsafe(32)
        recorder.redactor.register(self._canary, "refresh_token")

    def keep(self, case: str) -> StoreOperation:
        store = self._open(self._vault, self._key)
        mode, error = store.status().mode, ""
        try:
            store.set(self._stage, ACCOUNT, ITEM, self._canary)
        except SessionStoreError as failed:
            error = type(failed).__name__
        finally:
            store.close()
        kept = StoreOperation(
            case=case,
            about={**self._about, "mode": mode},
            operation="set",
            stage=self._stage,
            account=ACCOUNT,
            item=ITEM,
            outcome="error" if error else "done",
            value="the canary",
            error=error,
        )
        return self._recorder.record(kept)

    def modes(self, case: str) -> FileModes:
        entries = [self._mode(path) for path in (self._vault, *sorted(self._vault.rglob("*")))]
        beside = [path.name for path in sorted(self._vault.iterdir()) if path.is_file() and _is_key(path.read_bytes())]
        key = os.path.relpath(self._key, self._vault)
        modes = FileModes(case=case, about=self._about, entries=tuple(entries), keys=(key,), key_in_vault=tuple(beside))
        return self._recorder.record(modes)

    def tamper(self, case: str) -> TamperTable:
        untouched = [self._read()]
        files = [path for path in sorted(self._vault.iterdir()) if path.is_file() and path.name != UNLOCKING]
        trials = tampered(files, self._vault, self._read)
        untouched.append(self._read())
        table = TamperTable(case=case, about=self._about, trials=tuple(trials), untouched=tuple(untouched))
        return self._recorder.record(table)

    def attempt(self, case: str, who: str) -> AccessAttempt:
        found = self._as_user(case) if who == "second user" else self._on_machine(case)
        return self._recorder.record(found)

    def close(self) -> None:
        self._home.cleanup()

    def _as_user(self, case: str) -> AccessAttempt:
        tried = ("the vault's files", "the key's file")
        if not can_be_another():
            why = "only root can start a process of another user"
            return AccessAttempt(case=case, about=self._about, who="second user", tried=(), error=why)
        got = read_as_another({"vault": self._vault, "keys": self._key.parent})
        obtained: tuple[str, ...] = tried[:1] if self._canary.encode() in got.read else ()
        key = self._key.read_bytes() if self._key.exists() else b""
        obtained += tried[1:] if key and key in got.read else ()
        return AccessAttempt(
            case=case, about=self._about, who="second user", tried=tried, obtained=obtained, able=got.able
        )

    def _on_machine(self, case: str) -> AccessAttempt:
        """With a copy of the vault, and a key of that machine's own."""
        with TemporaryDirectory(dir=self._target.folder, prefix="machine-") as name:
            vault = Path(name, "state", "vault")
            shutil.copytree(self._vault, vault)
            store = self._open(vault, Path(name, "keys", "vault.key"))
            try:
                got = store.get(self._stage, ACCOUNT, ITEM)
            except SessionStoreError:
                got = ""
            finally:
                store.close()
            clear = any(self._canary.encode() in path.read_bytes() for path in vault.iterdir() if path.is_file())
        tried = ("the vault opened there", "the vault's files")
        obtained = [how for how, did in zip(tried, (got == self._canary, clear), strict=True) if did]
        return AccessAttempt(
            case=case, about=self._about, who="second machine", tried=tried, obtained=tuple(obtained), able=True
        )

    def _open(self, vault: Path, key: Path) -> SessionStore:
        """As the chain opens it on a system without a store."""
        home = vault.parent.parent
        environ = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home / "config")}
        chain = StoreChain(
            "authassay",
            environ,
            parts=self._parts,
            encrypted_files=EncryptedFiles(KeyFile(key), vault),
            candidates=lambda: (),
            log=lambda fields: None,
        )
        opened: SessionStore = self._parts.choose(Part.SESSION_STORE, chain).open()
        return opened

    def _read(self) -> str:
        """What a fresh opening of the vault reads; the file back end itself, with no other in its place."""
        real = EncryptedFileBackEnd(self._vault, KeyFile(self._key))
        back_end = self._parts.choose(Part.STORE_BACK_END, real)
        store = SessionStore("authassay", back_end, StorageStatus("encrypted-file", real.name))
        try:
            got = store.get(self._stage, ACCOUNT, ITEM)
        except SessionStoreError as error:
            return "tampered" if type(error).__name__ == "Tampered" else type(error).__name__
        finally:
            store.close()
        return UNCHANGED if got == self._canary else "altered"

    def _mode(self, path: Path) -> FileMode:
        found = path.stat()
        name = path.relative_to(self._vault.parent).as_posix()
        own = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
        return FileMode(name, path.is_dir(), f"{S_IMODE(found.st_mode):04o}", own)


def _is_key(data: bytes) -> bool:
    """Whether a file holds nothing but a key, raw or encoded."""
    text = data.strip()
    if len(data) in KEY_LENGTHS:
        return True
    for decode in (binascii.unhexlify, lambda encoded: base64.b64decode(encoded, validate=True)):
        try:
            if len(decode(text)) in KEY_LENGTHS:
                return True
        except (binascii.Error, ValueError):
            continue
    return False
