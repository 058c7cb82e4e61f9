"""Judgements about how stored credentials are protected at rest."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import AccessAttempt, FileModes, NativeListing, StoreOperation, TamperTable
from harness.observe import MissingObservation, Record

LOGIN = "login"  # the collection that the system unlocks for its user, and for nobody else
OTHERS = ("second user", "second machine")
VAULTS = ("keyring", "file vault")
FOLDER, FILE = "0700", "0600"
LEAST_FILES = 2  # what opens a vault, and what it holds
EXACT, TAMPERED = "exact", "tampered"


@check("STORE-14.E1", "ISO 27001:2022 A.8.24, keyring 25.7 source")
def item_is_in_the_login_collection(seen: Record, parameters: Parameters) -> Judgement:
    listing = seen.one(NativeListing, "stored")
    if not listing.items:
        raise MissingObservation("nothing of the client's is in the system's store")
    elsewhere = [item for item in listing.items if item.collection != LOGIN]
    complaints = [Complaint(f"{item.name} is in the collection {item.collection}", listing) for item in elsewhere]
    return conclude(complaints, f"all {len(listing.items)} items are in the login collection")


@check("STORE-14.E2", "ASVS 5.0.0 11.3.2, GDPR Art. 32(1)(a)")
def others_cannot_obtain_the_canary(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for vault in VAULTS:
        for who in OTHERS:
            attempt = seen.one(AccessAttempt, f"{vault}: {who}")
            if attempt.error or not attempt.tried:
                complaints += _by_modes(seen, attempt)
                continue
            if not attempt.able:
                raise MissingObservation(f"{attempt.case}: the attempt did not get what is open to all either")
            complaints += [Complaint(f"{attempt.case} got it by {how}", attempt) for how in attempt.obtained]
    return conclude(complaints, "neither another user nor another machine got what is stored")


def _by_modes(seen: Record, attempt: AccessAttempt) -> list[Complaint]:
    """Where nobody could be the second user, the modes of the files tell what he may."""
    modes = seen.one(FileModes, "modes")
    open_ = [entry for entry in modes.entries if int(entry.mode, 8) & 0o077]
    return [Complaint(f"{attempt.case}: others may use {entry.name}, mode {entry.mode}", modes) for entry in open_]


@check("STORE-14.E3", "ASVS 5.0.0 11.3.3")
def changes_are_noticed(seen: Record, parameters: Parameters) -> Judgement:
    table = seen.one(TamperTable, "tampering")
    if set(table.untouched) != {EXACT}:
        raise MissingObservation(f"untouched, the vault gives {', '.join(sorted(set(table.untouched)))}")
    files = {trial.file for trial in table.trials}
    if len(files) < LEAST_FILES:
        raise MissingObservation(f"only {len(files)} files of the vault were changed")
    unnoticed = [trial for trial in table.trials if trial.outcome != TAMPERED]
    complaints = [Complaint(f"{one.file}, {one.change}: {one.outcome}", table) for one in unnoticed]
    return conclude(complaints, f"all {len(table.trials)} changes in {len(files)} files were told as tampering")


@check("STORE-14.E4", "ASVS 5.0.0 11.3.2")
def vault_is_its_owners_and_its_key_elsewhere(seen: Record, parameters: Parameters) -> Judgement:
    kept = seen.one(StoreOperation, "kept in the vault")
    if kept.outcome != "done" or kept.about.get("mode") != "encrypted-file":
        told = kept.error or kept.about.get("mode", "no mode was told")
        raise MissingObservation(f"the canary was not kept in a file vault ({told})")
    modes = seen.one(FileModes, "modes")
    if len(modes.entries) < 1 + LEAST_FILES:
        raise MissingObservation("the vault holds no files")
    complaints = [
        Complaint(f"{entry.name}: mode {entry.mode}{'' if entry.own else ', of another user'}", modes)
        for entry in modes.entries
        if entry.mode != (FOLDER if entry.is_folder else FILE) or not entry.own
    ]
    complaints += [Complaint(f"a key lies in the vault: {name}", modes) for name in modes.key_in_vault]
    complaints += [Complaint(f"the key lies beside the vault: {key}", modes) for key in modes.keys if not _away(key)]
    return conclude(complaints, "the vault is its owner's alone, and its key is in another folder")


def _away(key: str) -> bool:
    return key.replace("\\", "/").startswith("../")
