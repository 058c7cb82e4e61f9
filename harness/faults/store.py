"""Faults of the session store: of its contract, of its fallback, and of what it accepts."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.faults.registry import fault
from reference_impl.parts import Part
from reference_impl.session_store import NotFound, SelfTest, SessionStore, StorageStatus, StoreChain
from reference_impl.session_store.acceptance import WEAK
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.model import Entry, Step
from reference_impl.session_store.self_test import run_self_test

PLAINTEXT = "keyrings.alt.file.PlaintextKeyring"
CHAINER = "keyring.backends.chainer.ChainerBackend"
NULL = "keyring.backends.null.Keyring"


@dataclass(frozen=True)
class Opens:
    """A chain that opens its store otherwise."""

    open: Callable[[], SessionStore]


def behaving_as(real: StoreChain, store: type[SessionStore]) -> Opens:
    """The chain, with a store that has the real one's state and another behaviour."""

    def open_defective() -> SessionStore:
        opened = real.open()
        opened.__class__ = store
        return opened

    return Opens(open_defective)


@fault("F-STORE-01-a", "STORE-01.E2", Part.SESSION_STORE)
def a_missing_item_is_an_empty_text(real: StoreChain) -> Opens:
    class Empty(SessionStore):
        def get(self, stage: str, account: str, item: str) -> str | bytes:
            try:
                return super().get(stage, account, item)
            except NotFound:
                return ""

    return behaving_as(real, Empty)


@fault("F-STORE-01-c", "STORE-01.E3", Part.SESSION_STORE)
def the_key_omits_the_account(real: StoreChain) -> Opens:
    class Shared(SessionStore):
        def _entry(self, stage: str, account: str, item: str) -> Entry:
            return super()._entry(stage, "anybody", item)

    return behaving_as(real, Shared)


@fault("F-STORE-01-x4", "STORE-01.E3", Part.SESSION_STORE)
def names_of_accounts_are_put_into_one_unicode_form(real: StoreChain) -> Opens:
    return _naming(real, lambda account: unicodedata.normalize("NFC", account))


@fault("F-STORE-01-x5", "STORE-01.E3", Part.SESSION_STORE)
def the_case_of_account_names_does_not_count(real: StoreChain) -> Opens:
    return _naming(real, str.casefold)


def _naming(real: StoreChain, name: Callable[[str], str]) -> Opens:
    class Naming(SessionStore):
        def _entry(self, stage: str, account: str, item: str) -> Entry:
            return super()._entry(stage, name(account), item)

    return behaving_as(real, Naming)


@fault("F-STORE-01-x6", "STORE-01.E1", Part.SESSION_STORE)
def values_are_put_into_one_unicode_form(real: StoreChain) -> Opens:
    class Normalising(SessionStore):
        def set(self, stage: str, account: str, item: str, value: str | bytes) -> None:
            super().set(stage, account, item, unicodedata.normalize("NFC", value) if isinstance(value, str) else value)

    return behaving_as(real, Normalising)


@fault("F-STORE-01-x1", "STORE-01.E1", Part.SESSION_STORE)
def outer_spaces_are_trimmed(real: StoreChain) -> Opens:
    class Trimming(SessionStore):
        def set(self, stage: str, account: str, item: str, value: str | bytes) -> None:
            super().set(stage, account, item, value.strip())

    return behaving_as(real, Trimming)


@fault("F-STORE-01-x2", "STORE-01.E4", Part.SESSION_STORE)
def clearing_leaves_the_profile(real: StoreChain) -> Opens:
    class Leaving(SessionStore):
        def clear(self, stage: str, account: str, keep: Collection[str] = ()) -> None:
            super().clear(stage, account, {"profile", *keep})

    return behaving_as(real, Leaving)


@fault("F-STORE-01-x3", "STORE-01.E1", Part.SESSION_STORE)
def the_old_value_goes_before_the_new_one_is_accepted(real: StoreChain) -> Opens:
    class Hasty(SessionStore):
        def set(self, stage: str, account: str, item: str, value: str | bytes) -> None:
            if item in self.item_names:
                self.clear(stage, account)
            super().set(stage, account, item, value)

    return behaving_as(real, Hasty)


@fault("F-STORE-08-b", "STORE-08.E2", Part.SESSION_STORE)
def the_fallback_is_silent(real: StoreChain) -> StoreChain:
    return replace(real, warn=lambda rejections: None)


@fault("F-STORE-08-c", "STORE-08.E1", Part.SESSION_STORE)
def a_missing_back_end_is_not_caught(real: StoreChain) -> Opens:
    def open_or_fail() -> SessionStore:
        opened = real.open()
        if opened.status().mode != "secure":
            opened.close()
            raise RuntimeError("No recommended backend was available.")
        return opened

    return Opens(open_or_fail)


class FileBackEnd(MemoryBackEnd):
    """Keeps what it has in a plain file as well, and finds it there again."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        kept = json.loads(file.read_text()) if file.exists() else []
        self._kept = {Entry(*names): stored for names, stored in kept}

    def write(self, entry: Entry, stored: str) -> None:
        super().write(entry, stored)
        kept = [[[e.app, e.stage, e.account, e.item], text] for e, text in self._kept.items()]
        self._file.write_text(json.dumps(kept))


def in_data_home(name: str) -> Path:
    folder = Path(os.environ.get("XDG_DATA_HOME") or Path.home())
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


@fault("F-STORE-08-x1", "STORE-08.E3", Part.STORE_BACK_END)
def the_fallback_is_a_file(real: Any) -> Any:
    return FileBackEnd(in_data_home("session.json")) if isinstance(real, MemoryBackEnd) else real


@fault("F-STORE-08-x2", "STORE-08.E4", Part.SESSION_STORE)
def the_fallback_is_not_logged(real: StoreChain) -> StoreChain:
    return replace(real, log=lambda fields: None)


@fault("F-STORE-09-a", "STORE-09.E3", Part.SESSION_STORE)
def the_null_back_end_is_accepted_and_nothing_is_tried(real: StoreChain) -> StoreChain:
    def pretend(app: str, writer: Any, reader: Any) -> SelfTest:
        return SelfTest(
            writer.name, tuple(Step(name, True, "", 0.0) for name in ("write", "read-back", "delete", "gone"))
        )

    return accepting(replace(real, self_test=pretend), NULL)


@fault("F-STORE-09-x3", "STORE-09.E3", Part.SESSION_STORE)
def the_self_test_reads_back_but_does_not_compare(real: StoreChain) -> StoreChain:
    def pretend(app: str, writer: Any, reader: Any) -> SelfTest:
        tested = run_self_test(app, writer, reader)
        if "another value" not in tested.failure:
            return tested
        # The back end compares at the write already, the self-test once more at the reading: neither is heard.
        return replace(tested, steps=tuple(Step(n, True, "", 1.0) for n in ("write", "read-back", "delete", "gone")))

    return replace(real, self_test=pretend)


@fault("F-STORE-09-b", "STORE-09.E1", Part.SESSION_STORE)
def a_back_end_that_calls_itself_secure_is_believed(real: StoreChain) -> StoreChain:
    """What a store says of its encryption is trusted, though its key is a constant."""
    return replace(
        real,
        refuse_name=WEAK.get,
        refuse_identity=lambda identity: None if identity.priority >= 1 else "its author does not recommend it",
    )


@fault("F-STORE-09-x1", "STORE-09.E2", Part.SESSION_STORE)
def the_plain_text_back_end_is_accepted(real: StoreChain) -> StoreChain:
    return accepting(real, PLAINTEXT)


def accepting(real: StoreChain, name: str) -> StoreChain:
    """The chain, taking a back end of this name whatever it is."""
    return replace(
        real,
        refuse_name=lambda asked: None if asked == name else real.refuse_name(asked),
        refuse_identity=lambda identity: None if identity.name == name else real.refuse_identity(identity),
    )


@fault("F-STORE-09-x2", "STORE-09.E4", Part.SESSION_STORE)
def a_chain_writes_to_every_member(real: StoreChain) -> Opens:
    def open_mirrored() -> SessionStore:
        if real.environ.get("PYTHON_KEYRING_BACKEND") != CHAINER:
            return real.open()
        mirrored = FileBackEnd(in_data_home("keyring_pass.cfg"))
        return SessionStore(real.app, mirrored, StorageStatus("secure", CHAINER), real.item_names)

    return Opens(open_mirrored)
