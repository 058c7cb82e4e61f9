"""The reference's vault of encrypted files, as the harness looks at it."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.observe import Recorder
from harness.targets.reference import ReferenceTarget
from harness.targets.reference_file_vault import ReferenceFileVault, _is_key

posix = pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")


@pytest.fixture
def vault(reference: ReferenceTarget, recorder: Recorder) -> Iterator[ReferenceFileVault]:
    vault = ReferenceFileVault(reference, "dev", recorder)
    yield vault
    vault.close()


@posix
def test_a_vault_is_its_owners_notices_changes_and_opens_nowhere_else(vault: ReferenceFileVault) -> None:
    kept = vault.keep("kept")
    assert (kept.outcome, kept.about["mode"]) == ("done", "encrypted-file")
    modes = vault.modes("modes")
    assert {(entry.mode, entry.own) for entry in modes.entries} == {("0700", True), ("0600", True)}
    assert (modes.key_in_vault, modes.keys) == ((), (str(Path("..", "..", "keys", "vault.key")),))
    table = vault.tamper("tampering")
    assert table.untouched == ("exact", "exact")
    assert {trial.outcome for trial in table.trials} == {"tampered"}
    for who in ("second user", "second machine"):
        assert vault.attempt("attempt", who).obtained == ()


@pytest.mark.parametrize(
    ("data", "holds"),
    [
        (bytes(range(32)), True),
        (base64.b64encode(bytes(range(32))) + b"\n", True),
        (bytes(range(32)).hex().encode(), True),
        (b"session-vault-1\n" + bytes(60), False),
        (b"", False),
    ],
)
def test_a_file_that_holds_nothing_but_a_key_is_told(data: bytes, holds: bool) -> None:
    assert _is_key(data) is holds
