"""The documented chain: the system's secure store, also while it is locked, else memory for this run, with a warning.

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
from reference_impl.session_store.errors import BackEndLocked, SessionStoreError
from reference_impl.session_store.keyring_back_end import Identity, KeyringBackEnd, Worker
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.model import (
    ITEMS,
    BackEnd,
    Entry,
    Rejection,
    SelfTest,
    Settled,
    StorageStatus,
    StorageWarning,
)
from reference_impl.session_store.request import Request, find_request
from reference_impl.session_store.self_test import run_self_test
from reference_impl.session_store.store import SessionStore

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
    candidates: Callable[[], tuple[str, ...]] = acceptance.candidates
    refuse_name: Callable[[str], str | None] = acceptance.refuse_name
    refuse_identity: Callable[[Identity], str | None] = acceptance.refuse_identity
    self_test: Callable[[str, BackEnd, BackEnd], SelfTest] = run_self_test
    warn: Callable[[tuple[Rejection, ...]], StorageWarning | None] = advice.warn
    log: Callable[[Mapping[str, object]], None] = log_record

    def open(self) -> SessionStore:
        """Return the store to use; it is never refused, for the chain ends in memory."""
        rejections: list[Rejection] = []
        tests: list[SelfTest] = []
        requests = self._requests()
        admitted = [request for request in requests if not self._rejects_name(request, rejections)]
        chosen = self._try_all(admitted, rejections, tests) if admitted else None
        if chosen is None:
            settled = self._fall_back(tuple(rejections), tuple(tests))
        elif tests[-1].locked:
            self.log({"record": "storage-locked", "app": self.app, "back_end": chosen.name})
            settled = Settled(chosen, StorageStatus("locked", chosen.name, advice.LOCKED), tests[-1])
        else:
            settled = Settled(chosen, StorageStatus("secure", chosen.name), tests[-1])
        return SessionStore(
            self.app, settled.back_end, settled.status, self.item_names, tuple(tests), tuple(rejections),
            lambda: self._settle(settled.back_end),
        )  # fmt: skip

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
        return self._fall_back((Rejection(locked.name, advice.SYSTEM, test.failure),), (test,))

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

    def _fall_back(self, rejections: tuple[Rejection, ...], tests: tuple[SelfTest, ...]) -> Settled:
        memory = self._used(MemoryBackEnd())
        status = StorageStatus("memory-only", memory.name, self.warn(rejections))
        rejected = [asdict(rejection) for rejection in rejections]
        self.log({"record": "storage-degraded", "mode": status.mode, "app": self.app, "rejected": rejected})
        return Settled(memory, status, tests[-1] if tests else None)
