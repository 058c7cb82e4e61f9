"""The reference's session store, as its desktop client's process offers it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from contextlib import ExitStack
from dataclasses import replace
from typing import Literal

from harness.errors import NotHere, TargetError
from harness.observations import StoreListing, StoreOperation
from harness.observe import Recorder
from harness.probes.secret_service import list_entries
from harness.targets.reference_child import ChildGone, DesktopChild, Line, desktop_command
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_situations import NO_BUS, SOUND, prepare
from reference_impl.session_store import ITEMS
from reference_impl.session_store.model import Entry

__all__ = ["ReferenceStore"]

SITUATIONS = {"secret-service": SOUND, "memory": NO_BUS}
STARTS = 3
OUTCOMES: dict[str, Literal["not_found", "refused"]] = {
    "NotFound": "not_found",
    "ValueRefused": "refused",
    "TooLarge": "refused",
}


class ReferenceStore:
    """A store that nobody else uses: its application name is of this object alone."""

    def __init__(self, target: ReferenceHost, store: str, recorder: Recorder) -> None:
        """Raises NotHere where this machine has no such store."""
        if store not in SITUATIONS:
            raise NotHere(f"no port to the store {store} yet", "run the cells of secret-service on Linux, or memory")
        self._target, self._recorder = target, recorder
        self._outlives = store != "memory"
        self._app = f"authassay-{secrets.token_hex(4)}"
        self._ends = ExitStack()
        self._surroundings = self._ends.enter_context(prepare(SITUATIONS[store], target.machine, target.folder))
        self._before = self._raw_names()
        self._processes = 0
        self._child = self._start()

    def set(self, case: str, stage: str, account: str, item: str, name: str, value: bytes) -> StoreOperation:
        """Text is set as text, as tokens are; what is no UTF-8 as bytes."""
        encoded = base64.b64encode(value).decode()
        reply = self._ask("set", stage=stage, account=account, item=item, value=encoded, kind=_kind(value))
        tried = StoreOperation(
            case=case, operation="set", stage=stage, account=account, item=item, outcome="done", value=name,
            sha256=hashlib.sha256(value).hexdigest(), length=len(value),
        )  # fmt: skip
        return self._record(tried, reply)

    def get(self, case: str, stage: str, account: str, item: str) -> StoreOperation:
        reply = self._ask("get", stage=stage, account=account, item=item)
        value = base64.b64decode(str(reply.get("value", "")))
        read = StoreOperation(
            case=case, operation="get", stage=stage, account=account, item=item, outcome="value",
            sha256=hashlib.sha256(value).hexdigest() if reply.get("ok") else "", length=len(value),
        )  # fmt: skip
        return self._record(read, reply)

    def clear(self, case: str, stage: str, account: str) -> StoreOperation:
        cleared = StoreOperation(case=case, operation="clear", stage=stage, account=account, outcome="done")
        return self._record(cleared, self._ask("clear", stage=stage, account=account))

    def items(self, case: str, stage: str, account: str) -> StoreListing:
        """What the store says, and all entries that came into the keyring since this object was made."""
        reply = self._ask("items", stage=stage, account=account)
        if not reply.get("ok"):
            raise TargetError(f"the store did not list its items: {reply.get('error')}")
        raw = sorted(self._raw_names() - self._before) if self._outlives else None
        listing = StoreListing(
            case=case,
            stage=stage,
            account=account,
            items=tuple(str(name) for name in reply["items"]),
            documented=ITEMS,
            raw=None if raw is None else tuple(self._readable(name) for name in raw),
        )
        return self._recorder.record(listing)

    def restart(self) -> None:
        """End the client's process and start another. A store in a process's memory has no border to cross."""
        if self._outlives:
            self._child.stop()
            self._child = self._start()

    def close(self) -> None:
        self._child.stop()
        self._ends.close()

    def _start(self) -> DesktopChild:
        """A client that found its store: on a busy machine the first may have given up waiting for it."""
        for _ in range(STARTS):
            child = self._launch()
            mode = child.ready["storage"]["mode"]
            if mode == "secure" or not self._outlives:
                return child
            child.stop()
        raise TargetError(f"the client of the store did not find it {STARTS} times, and went on with {mode} storage")

    def _launch(self) -> DesktopChild:
        arguments, environment = desktop_command(self._target, self._target.stages[0], self._app, self._surroundings)
        try:
            child = DesktopChild(arguments, environment, str(self._surroundings.folder))
        except ChildGone as gone:
            raise TargetError(f"the client of the store does not start: {gone}") from gone
        self._processes += 1
        return child

    def _ask(self, operation: str, **fields: str) -> Line:
        try:
            return self._child.ask(do="store", op=operation, **fields)
        except ChildGone as gone:
            return {"ok": False, "error": f"ChildGone: {gone}"}

    def _record(self, operation: StoreOperation, reply: Line) -> StoreOperation:
        """The operation as it would have gone well, with what the reply says of that."""
        about = {"process": str(self._processes), "outlives": "yes" if self._outlives else "no"}
        if reply.get("ok"):
            return self._recorder.record(replace(operation, about=about))
        error = str(reply.get("error"))
        return self._recorder.record(replace(operation, about=about, outcome=OUTCOMES.get(error, "error"), error=error))

    def _raw_names(self) -> frozenset[tuple[str, str]]:
        service = self._target.machine.service
        return list_entries(service.address) if self._outlives and service else frozenset()

    def _readable(self, name: tuple[str, str]) -> str:
        """`stage/account/item` for an entry that follows the documented scheme, else its own names."""
        for stage in self._target.stages:
            prefix = Entry(self._app, stage, "x", "x").service
            if name[0] == prefix:
                return f"{stage}/{name[1]}"
        return " ".join(name)


def _kind(value: bytes) -> str:
    try:
        value.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return "bytes"
    return "text"
