"""The documented chain: the system's secure store, also while it is locked; else encrypted files, only where the
application allows them; else memory for this run. Each but the first with a warning.

What the user configured is tried instead of the system's store, never besides it. Each rule of the chain is a field,
so that another application can bring its own, and a harness a defective one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field

from reference_impl.parts import Part, Parts
from reference_impl.session_store import acceptance, advice
from reference_impl.session_store.encrypted_file import EncryptedFileBackEnd, EncryptedFiles
from reference_impl.session_store.errors import BackEndLocked, SessionStoreError
from reference_impl.session_store.keyring_back_end import Identity, KeyringBackEnd, Worker
from reference_impl.session_store.local_storage import LocalStorage, LocalStorageSource
from reference_impl.session_store.lock import FileLock, Lock, ThreadLock, state_folder
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.migration import failures, migrate
from reference_impl.session_store.model import (
    ITEMS,
    BackEnd,
    Entry,
    Moved,
    Rejection,
    SelfTest,
    Settled,
    Source,
    StorageStatus,
    StorageWarning,
)
from reference_impl.session_store.request import Request, find_request
from reference_impl.session_store.self_test import run_self_test
from reference_impl.session_store.splitting import SplitEntries
from reference_impl.session_store.store import SessionStore
from reference_impl.session_store.waiting import Waiting

_log = logging.getLogger("reference_impl.session_store")


def log_record(fields: Mapping[str, object]) -> None:
    """Write one structured record: its name as the message, all its fields as the attribute ``fields``."""
    _log.warning("%s", fields["record"], extra={"fields": dict(fields)})


@dataclass(frozen=True)
class StoreChain:
    """Picks a back end. ``time_limit``: seconds for each call to it; ``switch``: the user's --store, if given."""

    app: str
    environ: Mapping[str, str] = field(repr=False)
    switch: str | None = None
    item_names: tuple[str, ...] = ITEMS
    time_limit: float = 10.0
    parts: Parts = field(default_factory=Parts)
    encrypted_files: EncryptedFiles | None = None
    local_storage: LocalStorage | None = None
    candidates: Callable[[], tuple[str, ...]] = acceptance.candidates
    refuse_name: Callable[[str], str | None] = acceptance.refuse_name
    refuse_identity: Callable[[Identity], str | None] = acceptance.refuse_identity
    self_test: Callable[[str, BackEnd, BackEnd], SelfTest] = run_self_test
    warn: Callable[[tuple[Rejection, ...]], StorageWarning | None] = advice.warn
    migrate: Callable[[Source, SessionStore], tuple[Moved, ...]] = migrate
    log: Callable[[Mapping[str, object]], None] = log_record

    def open(self) -> SessionStore:
        """Return the store to use; it is never refused, for the chain ends in memory."""
        rejections: list[Rejection] = []
        tests: list[SelfTest] = []
        settled = self._system_store(rejections, tests) or self._fall_back(rejections, tests)
        store = self._store(settled, tests, rejections)
        store.bring()
        return store

    def _reopen(self) -> SessionStore | None:
        """Return the system's store where it can be used by now."""
        rejections: list[Rejection] = []
        tests: list[SelfTest] = []
        settled = self._system_store(rejections, tests)
        if settled is None:
            return None
        if settled.status.mode == "locked":
            settled.back_end.close()
            return None
        self.log({"record": "storage-recovered", "mode": settled.status.mode, "app": self.app})
        return self._store(settled, tests, rejections)

    def _store(self, settled: Settled, tests: list[SelfTest], rejections: list[Rejection]) -> SessionStore:
        return SessionStore(
            self.app, settled.back_end, settled.status, self.item_names, tuple(tests), tuple(rejections),
            lambda: self._settle(settled.back_end), self._lock(settled.status), self._entries, self._reopen,
            self._bring, time_limit=self.time_limit,
        )  # fmt: skip

    def _bring(self, store: SessionStore, waiting: Waiting) -> tuple[Moved, ...]:
        """Bring what lies elsewhere: in the files of a start without the system's store, or in an earlier version's."""
        sources: list[Source] = []
        if self.encrypted_files is not None and store.status().mode == "secure":
            sources.append(self._vault(self.encrypted_files))
        if self.local_storage is not None:
            sources.append(LocalStorageSource(self.local_storage, self.app))
        moved: list[Moved] = []
        for source in sources:
            moved += (brought := self.migrate(source, store))
            waiting.note(source, failures(brought))
        for one in failures(moved):
            self.log({"record": "storage-not-moved", "source": one.source, "app": self.app, "reason": one.failure})
        return tuple(moved)

    def _system_store(self, rejections: list[Rejection], tests: list[SelfTest]) -> Settled | None:
        """Take the system's store where it passes the test, or is locked and cannot be tested yet."""
        admitted = [request for request in self._requests() if not self._rejects_name(request, rejections)]
        chosen = self._try_all(admitted, rejections, tests) if admitted else None
        if chosen is None:
            return None
        if tests[-1].locked:
            self.log({"record": "storage-locked", "app": self.app, "back_end": chosen.name})
            return Settled(chosen, StorageStatus("locked", chosen.name, advice.LOCKED), tests[-1])
        return Settled(chosen, StorageStatus("secure", chosen.name), tests[-1])

    def _settle(self, locked: BackEnd) -> Settled | None:
        """Test a store that was locked when it was opened; None while it still is. What fails leads to memory."""
        try:
            locked.read(Entry(self.app, "self-test", "lock", "probe"))  # answers sooner than a process starts
        except BackEndLocked:
            return None
        except SessionStoreError:
            pass  # the test will tell
        with closing(Worker(self.environ, self.time_limit)) as writing:
            test = self.self_test(self.app, self._used(KeyringBackEnd(locked.name, writing)), locked)
        if test.passed:
            return Settled(locked, StorageStatus("secure", locked.name), test)
        if test.locked:
            return None
        locked.close()
        return self._fall_back([Rejection(locked.name, advice.SYSTEM, test.failure)], [test])

    def _fall_back(self, rejections: list[Rejection], tests: list[SelfTest]) -> Settled:
        """Take encrypted files where they are allowed, else memory; say so in the log, once."""
        settled = self._files(rejections, tests)
        if settled is None:
            memory = self._used(MemoryBackEnd())
            status = StorageStatus("memory-only", memory.name, self.warn(tuple(rejections)))
            settled = Settled(memory, status, tests[-1] if tests else None)
        rejected = [asdict(rejection) for rejection in rejections]
        self.log({"record": "storage-degraded", "mode": settled.status.mode, "app": self.app, "rejected": rejected})
        return settled

    def _files(self, rejections: list[Rejection], tests: list[SelfTest]) -> Settled | None:
        """Take encrypted files where the application allows them, and nobody asked for something else."""
        asked_for_another = any(rejection.source != advice.SYSTEM for rejection in rejections)
        if self.encrypted_files is None or asked_for_another:
            return None
        chosen, reader = (self._used(self._vault(self.encrypted_files)) for _ in range(2))
        tests.append(self.self_test(self.app, reader, chosen))
        if not tests[-1].passed:
            rejections.append(Rejection(chosen.name, advice.APPLICATION, tests[-1].failure))
            return None
        key = self.encrypted_files.key
        status = StorageStatus(
            "encrypted-file", chosen.name, advice.warn_of_files(key.name, tuple(rejections)), key.threat_model
        )
        return Settled(chosen, status, tests[-1])

    def _lock(self, status: StorageStatus) -> Lock:
        """Return what keeps writers apart: no other process writes to this one's memory."""
        if status.mode == "memory-only":
            return ThreadLock()
        lock = FileLock(state_folder(self.app, self.environ) / "lock", self.time_limit)
        return self.parts.choose(Part.STORE_LOCK, lock)

    def _entries(self, back_end: BackEnd) -> SplitEntries:
        return self.parts.choose(Part.STORE_ENTRIES, SplitEntries(back_end))

    def _vault(self, files: EncryptedFiles) -> EncryptedFileBackEnd:
        folder = files.folder or state_folder(self.app, self.environ) / "vault"
        return self.parts.choose(Part.VAULT, EncryptedFileBackEnd(folder, files.key, self.time_limit))

    def _requests(self) -> tuple[Request, ...]:
        asked = find_request(self.switch, self.environ)
        return (asked,) if asked else tuple(Request(name, advice.SYSTEM) for name in self.candidates())

    def _rejects_name(self, request: Request, rejections: list[Rejection]) -> bool:
        reason = request.fault or self.refuse_name(request.name)
        if reason:
            rejections.append(Rejection(request.name, request.source, reason))
        return bool(reason)

    def _try_all(self, requests: list[Request], rejections: list[Rejection], tests: list[SelfTest]) -> BackEnd | None:
        """Try each in turn, in two processes: one writes, one reads back. The reader's is kept when one passes."""
        with ExitStack() as ended:
            writing = Worker(self.environ, self.time_limit)
            ended.callback(writing.close)
            reading = Worker(self.environ, self.time_limit)
            unwanted = ended.enter_context(ExitStack())
            unwanted.callback(reading.close)
            for request in requests:
                writer, reader = KeyringBackEnd(request.name, writing), KeyringBackEnd(request.name, reading)
                refusal = self._refusal(writer)
                if refusal is not None:
                    rejections.append(Rejection(request.name, request.source, refusal))
                    continue
                used = self._used(reader)
                tests.append(self.self_test(self.app, self._used(writer), used))
                if tests[-1].passed or tests[-1].locked:
                    unwanted.pop_all()
                    return used
                rejections.append(Rejection(request.name, request.source, tests[-1].failure))
                break  # it is there and may hold the user's sign-in: another store beside it would be a second truth
        return None

    def _used(self, real: BackEnd) -> BackEnd:
        return self.parts.choose(Part.STORE_BACK_END, real)

    def _refusal(self, back_end: KeyringBackEnd) -> str | None:
        """Return why the back end cannot be tried, or None."""
        try:
            return self.refuse_identity(back_end.describe())
        except SessionStoreError as error:
            return f"{type(error).__name__}: {error}"
