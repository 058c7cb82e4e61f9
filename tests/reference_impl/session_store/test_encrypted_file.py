"""The encrypted file: what is changed is noticed, what is killed is whole, and the key is nobody else's."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.session_store import (
    KeyFile,
    Passphrase,
    SystemdCredential,
    Tampered,
    WrongKey,
    encrypted_file,
    open_session_store,
)
from reference_impl.session_store.encrypted_file import EncryptedFileBackEnd, EncryptedFiles
from reference_impl.session_store.errors import BackEndUnavailable
from reference_impl.session_store.model import Entry
from reference_impl.session_store.vault_keys import KeySource

TOKEN = Entry("app", "dev", "alice", "refresh_token")
OTHER = Entry("app", "dev", "ben", "refresh_token")
SECRET = "a secret of some length"

posix = pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")


@pytest.fixture
def key(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys" / "vault.key")


@pytest.fixture
def vault(tmp_path: Path, key: KeyFile) -> Path:
    """A vault with two entries."""
    folder = tmp_path / "vault"
    filled(folder, key)
    return folder


def filled(folder: Path, key: KeySource) -> None:
    back_end = EncryptedFileBackEnd(folder, key)
    back_end.write(TOKEN, SECRET)
    back_end.write(OTHER, "another secret")


def sealed(vault: Path) -> list[Path]:
    return sorted(path for path in vault.iterdir() if path.stat().st_size)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_change_of_any_byte_of_any_file_is_noticed(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        key, folder = KeyFile(Path(name, "keys", "key")), Path(name, "vault")
        filled(folder, key)
        path = data.draw(st.sampled_from(sealed(folder)))
        content = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        expect_tampered_or_untouched(folder, key, path)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_file_that_was_cut_or_lengthened_is_noticed(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        key, folder = KeyFile(Path(name, "keys", "key")), Path(name, "vault")
        filled(folder, key)
        path = data.draw(st.sampled_from(sealed(folder)))
        content = path.read_bytes()
        path.write_bytes(
            content[: data.draw(st.integers(0, len(content) - 1))] if data.draw(st.booleans()) else content + b"x"
        )
        expect_tampered_or_untouched(folder, key, path)


def expect_tampered_or_untouched(folder: Path, key: KeySource, changed: Path) -> None:
    """Reading what was changed fails; what was not is as it was, or fails too where the header was changed."""
    for entry, secret in ((TOKEN, SECRET), (OTHER, "another secret")):
        back_end = EncryptedFileBackEnd(folder, key)
        if changed.name == "vault" or changed == back_end._path(entry):
            with pytest.raises(Tampered):
                back_end.read(entry)
        else:
            assert back_end.read(entry) == secret


def test_a_file_in_the_place_of_another_is_noticed(vault: Path, key: KeyFile) -> None:
    back_end = EncryptedFileBackEnd(vault, key)
    shutil.copy(back_end._path(OTHER), back_end._path(TOKEN))
    with pytest.raises(Tampered):
        back_end.read(TOKEN)


def test_a_header_that_is_gone_does_not_make_a_new_vault_over_the_old_one(vault: Path, key: KeyFile) -> None:
    (vault / "vault").unlink()
    with pytest.raises(Tampered):
        EncryptedFileBackEnd(vault, key).write(TOKEN, "new")


def test_a_mistyped_passphrase_is_told_from_tampering_and_changes_nothing(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    filled(vault, Passphrase("one"))
    before = {path.name: path.read_bytes() for path in vault.iterdir()}
    mistyped = EncryptedFileBackEnd(vault, Passphrase("two"))
    for act in (lambda: mistyped.read(TOKEN), lambda: mistyped.write(TOKEN, "new"), mistyped.entries):
        with pytest.raises(WrongKey, match="untouched"):
            act()
    assert {path.name: path.read_bytes() for path in vault.iterdir()} == before
    assert EncryptedFileBackEnd(vault, Passphrase("one")).read(TOKEN) == SECRET
    assert "one" not in repr(Passphrase("one"))


def test_a_passphrase_costs_a_guesser_what_the_threat_model_says(tmp_path: Path) -> None:
    """RFC 9106 §4, the second recommended option."""
    salt = bytes(range(16))
    documented = Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=65_536)  # KiB
    found = Passphrase("one").derive(salt, tmp_path)
    assert found == documented.derive(b"one")
    assert any("64 MiB" in limit for limit in Passphrase("one").threat_model.does_not_protect)


@posix
def test_a_link_in_the_place_of_an_unfinished_file_is_not_written_through(vault: Path, key: KeyFile) -> None:
    back_end = EncryptedFileBackEnd(vault, key)
    back_end.write(OTHER, "what a crash left is swept away before this")
    victim = vault.parent / "somebody's file"
    victim.write_bytes(b"his")
    path = back_end._path(TOKEN)
    path.with_name(path.name + ".unfinished").symlink_to(victim)
    path.unlink()
    path.symlink_to(victim)
    back_end.write(TOKEN, "new")
    assert victim.read_bytes() == b"his"
    assert not path.is_symlink()
    assert back_end.read(TOKEN) == "new"


def test_a_vault_of_an_earlier_version_is_read_and_tells_mistyping_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = tmp_path / "vault"
    with monkeypatch.context() as earlier:
        earlier.setattr(encrypted_file, "_header", header_of_version_1)
        filled(vault, Passphrase("one"))
    assert (vault / "vault").read_bytes().startswith(b"session-vault-1\n")
    with pytest.raises(Tampered, match="another key"):
        EncryptedFileBackEnd(vault, Passphrase("two")).read(TOKEN)
    assert EncryptedFileBackEnd(vault, Passphrase("one")).read(TOKEN) == SECRET
    with pytest.raises(WrongKey):
        EncryptedFileBackEnd(vault, Passphrase("two")).read(TOKEN)
    assert EncryptedFileBackEnd(vault, Passphrase("one")).read(OTHER) == "another secret"


def header_of_version_1(salt: bytes, cipher: AESGCM) -> bytes:
    return b"session-vault-1\n" + salt + encrypted_file._seal(cipher, b"", "vault")


def test_no_file_holds_a_secret_or_names_an_account(vault: Path) -> None:
    for path in vault.iterdir():
        assert SECRET.encode() not in path.read_bytes()
        assert b"alice" not in path.read_bytes()
        assert "alice" not in path.name


@posix
def test_folder_and_files_are_the_owners_alone(vault: Path, key: KeyFile) -> None:
    assert stat.S_IMODE(vault.stat().st_mode) == 0o700
    assert stat.S_IMODE(key.path.parent.stat().st_mode) == 0o700
    for path in (*vault.iterdir(), key.path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
def test_a_key_file_that_others_may_read_is_refused(vault: Path, key: KeyFile) -> None:
    key.path.chmod(0o640)
    with pytest.raises(BackEndUnavailable, match="others may read"):
        EncryptedFileBackEnd(vault, key).read(TOKEN)


def test_a_key_file_beside_the_vault_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackEndUnavailable, match="beside"):
        EncryptedFileBackEnd(tmp_path / "vault", KeyFile(tmp_path / "vault" / "key")).write(TOKEN, SECRET)


def test_what_a_crash_left_is_swept_away_at_the_next_start(vault: Path, key: KeyFile) -> None:
    left = vault / "whatever.sealed.unfinished"
    left.write_bytes(b"half")
    assert EncryptedFileBackEnd(vault, key).read(TOKEN) == SECRET
    assert not left.exists()


def test_all_entries_are_listed(vault: Path, key: KeyFile) -> None:
    assert set(EncryptedFileBackEnd(vault, key).entries()) == {TOKEN, OTHER}


@pytest.mark.skipif(not SystemdCredential.is_here(), reason="there is no systemd-creds on this system")
def test_a_key_that_systemd_creds_sealed_opens_the_vault_again(tmp_path: Path) -> None:
    key = SystemdCredential(tmp_path / "keys" / "vault.cred")
    try:
        filled(tmp_path / "vault", key)
    except BackEndUnavailable as error:
        pytest.skip(f"systemd-creds seals nothing for this user: {error}")
    assert EncryptedFileBackEnd(tmp_path / "vault", key).read(TOKEN) == SECRET


def test_files_are_used_only_where_the_application_allows_them(private: dict[str, str], key: KeyFile) -> None:
    assert open_session_store("app", environ=private).status().mode == "memory-only"
    for expected in ((), ("refresh_token",)):
        store = open_session_store("app", environ=private, encrypted_files=EncryptedFiles(key))
        status = store.status()
        assert status.mode == "encrypted-file"
        assert status.warning is not None
        assert "key file" in status.warning.consequence
        assert status.threat_model == key.threat_model
        assert store.items("dev", "alice") == expected
        store.set("dev", "alice", "refresh_token", SECRET)
        store.close()


def test_files_that_cannot_be_opened_lead_to_memory_with_a_warning(private: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "vault"
    filled(folder, Passphrase("one"))
    store = open_session_store("app", environ=private, encrypted_files=EncryptedFiles(Passphrase("two"), folder))
    assert store.status().mode == "memory-only"
    assert store.rejections[-1].back_end == "encrypted file"
    warning = store.status().warning
    assert warning is not None
    assert "It is untouched" in warning.fix
    assert EncryptedFileBackEnd(folder, Passphrase("one")).read(TOKEN) == SECRET


def test_files_that_were_changed_lead_to_memory_and_the_warning_says_so(private: dict[str, str], vault: Path) -> None:
    (vault / "vault").write_bytes(b"changed")
    store = open_session_store(
        "app", environ=private, encrypted_files=EncryptedFiles(KeyFile(vault.parent / "keys" / "vault.key"), vault)
    )
    warning = store.status().warning
    assert warning is not None
    assert "clear the folder, and sign in again" in warning.fix


def test_a_weak_store_that_the_user_asked_for_is_not_answered_with_files(private: dict[str, str], key: KeyFile) -> None:
    weak = "keyring.backends.null.Keyring"
    store = open_session_store("app", environ=private, switch=weak, encrypted_files=EncryptedFiles(key))
    assert store.status().mode == "memory-only"
