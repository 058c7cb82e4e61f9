"""Each check of how stored credentials are protected: what passes, what fails, and what proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.checks.store_protection import OTHERS, VAULTS
from harness.observations import (
    AccessAttempt,
    FileMode,
    FileModes,
    NativeItem,
    NativeListing,
    Observation,
    StoreOperation,
    TamperTable,
    TamperTrial,
)
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge


def listing(*collections: str) -> NativeListing:
    items = tuple(NativeItem(f"prod/first/{number}", kept, "aa") for number, kept in enumerate(collections))
    return NativeListing(case="stored", items=items)


def attempt(vault: str, who: str, *obtained: str, able: bool = True, error: str = "") -> AccessAttempt:
    tried = () if error else ("the files",)
    return AccessAttempt(case=f"{vault}: {who}", who=who, tried=tried, obtained=obtained, able=able, error=error)


def modes(*entries: FileMode, keys: tuple[str, ...] = ("../../keys/vault.key",)) -> FileModes:
    return FileModes(case="modes", entries=entries, keys=keys)


def trials(outcome: str = "tampered") -> TamperTable:
    changed = tuple(TamperTrial(file, "byte 0 flipped", "tampered") for file in ("vault", "one.sealed"))
    last = TamperTrial("one.sealed", "emptied", outcome)
    return TamperTable(case="tampering", trials=(*changed, last), untouched=("exact", "exact"))


def instead(seen: Sequence[Observation], changed: Observation) -> list[Observation]:
    return [changed if (type(one), one.case) == (type(changed), changed.case) else one for one in seen]


ENTRIES = (
    FileMode("vault", True, "0700", True),
    FileMode("vault/vault", False, "0600", True),
    FileMode("vault/one.sealed", False, "0600", True),
)
KEPT = StoreOperation(
    case="kept in the vault",
    about={"mode": "encrypted-file"},
    operation="set",
    stage="prod",
    account="witness",
    outcome="done",
)
RECORD: list[Observation] = [
    listing("login", "login"),
    *(attempt(vault, who) for vault in VAULTS for who in OTHERS),
    modes(*ENTRIES),
    KEPT,
    trials(),
]


def test_credentials_that_are_protected_pass() -> None:
    for number in (1, 2, 3, 4):
        assert_passed(judge(f"STORE-14.E{number}", RECORD))


def test_an_item_in_another_collection_fails() -> None:
    assert_failed(judge("STORE-14.E1", instead(RECORD, listing("login", "session"))), "collection session")
    assert_unknown(judge("STORE-14.E1", instead(RECORD, listing())))


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize("who", OTHERS)
def test_somebody_else_who_gets_it_fails(vault: str, who: str) -> None:
    seen = instead(RECORD, attempt(vault, who, "the files"))
    assert_failed(judge("STORE-14.E2", seen), f"{vault}: {who} got it by the files")


def test_an_attempt_that_could_get_nothing_at_all_proves_nothing() -> None:
    assert_unknown(judge("STORE-14.E2", instead(RECORD, attempt("keyring", "second user", able=False))))


def test_where_nobody_can_be_the_second_user_the_modes_tell() -> None:
    seen = instead(RECORD, attempt("file vault", "second user", error="only root can"))
    assert_passed(judge("STORE-14.E2", seen))
    opened = modes(ENTRIES[0], FileMode("vault/one.sealed", False, "0640", True))
    assert_failed(judge("STORE-14.E2", instead(seen, opened)), "others may use vault/one.sealed, mode 0640")


@pytest.mark.parametrize("outcome", ["altered", "exact", "NotFound", "BackEndUnavailable"])
def test_a_change_that_is_not_told_as_tampering_fails(outcome: str) -> None:
    assert_failed(judge("STORE-14.E3", instead(RECORD, trials(outcome))), f"one.sealed, emptied: {outcome}")


@pytest.mark.parametrize(
    "table", [replace(trials(), untouched=("exact", "NotFound")), replace(trials(), trials=trials().trials[:1])]
)
def test_a_vault_that_does_not_work_or_was_hardly_changed_proves_nothing(table: TamperTable) -> None:
    assert_unknown(judge("STORE-14.E3", instead(RECORD, table)))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (modes(FileMode("vault", True, "0755", True), *ENTRIES[1:]), "vault: mode 0755"),
        (modes(*ENTRIES[:2], FileMode("vault/one.sealed", False, "0644", True)), "one.sealed: mode 0644"),
        (modes(*ENTRIES[:2], FileMode("vault/one.sealed", False, "0600", False)), "of another user"),
        (modes(*ENTRIES, keys=("vault.key",)), "beside the vault: vault.key"),
        (replace(modes(*ENTRIES), key_in_vault=("vault.key",)), "a key lies in the vault"),
    ],
)
def test_a_vault_that_is_open_or_holds_its_key_fails(changed: FileModes, words: str) -> None:
    assert_failed(judge("STORE-14.E4", instead(RECORD, changed)), words)


@pytest.mark.parametrize(
    "changed",
    [replace(KEPT, outcome="error", error="BackEndUnavailable"), replace(KEPT, about={"mode": "memory-only"}), modes()],
)
def test_a_vault_that_was_not_used_proves_nothing(changed: Observation) -> None:
    assert_unknown(judge("STORE-14.E4", instead(RECORD, changed)))
