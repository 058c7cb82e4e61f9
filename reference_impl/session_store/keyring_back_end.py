"""A back end of the `keyring` library, reached through a worker process with a time limit on every call."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reference_impl.session_store.capabilities import capability
from reference_impl.session_store.errors import BackEndLocked, BackEndTimedOut, BackEndUnavailable, NotFound
from reference_impl.session_store.model import Entry, Limit

_WORKER = Path(__file__).with_name("worker.py")
_GRACE = 1.0  # seconds that the end of a killed process may take


@dataclass(frozen=True)
class Identity:
    """What a back end says of itself, for the acceptance rules."""

    name: str
    lineage: tuple[str, ...]  # full names of its class and all base classes
    priority: float
    file: str | None
    members: tuple[str, ...]
    collection: str | None


class Worker:
    """One child process, started at once, and again after it had to be killed. Safe for several threads."""

    def __init__(self, environ: Mapping[str, str], time_limit: float) -> None:
        """``time_limit``: seconds that one call may take, the wait for other threads' calls and the start of the
        process included."""
        self._environ = dict(environ)
        self._time_limit = time_limit
        self._lock = threading.Lock()
        self._child = Child(self._environ)

    def call(self, **request: str) -> object:
        """Return what the operation returns. Raises NotFound, BackEndLocked, BackEndTimedOut, BackEndUnavailable."""
        end = time.monotonic() + self._time_limit
        if not self._lock.acquire(timeout=self._time_limit):
            raise BackEndTimedOut(f"other calls to the store have taken {self._time_limit:g} s")
        try:
            if self._child.ended():
                self._child = Child(self._environ)
            line = self._exchange(json.dumps(request), end)
        finally:
            self._lock.release()
        reply = json.loads(line)
        if "ok" in reply:
            return reply["ok"]
        if reply["failed"] == "missing":
            raise NotFound("nothing is stored under this name")
        error = BackEndLocked if reply["failed"] == "locked" else BackEndUnavailable
        raise error(f"{request['back_end']}: {reply['why']}")

    def close(self) -> None:
        """End the process; safe to call twice."""
        self._child.close()

    def _exchange(self, line: str, end: float) -> str:
        child = self._child
        try:
            child.requests.put(line)
            reply = child.replies.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            child.close()
            raise BackEndTimedOut(f"the store did not answer within {self._time_limit:g} s") from None
        if reply is None:
            child.close()
            raise BackEndUnavailable("the process that talks to the store ended")
        return reply


class Child:
    """The process, with a thread for each of its pipes: not every system reads or writes one with a time limit, and a
    pipe is full where a large request meets a process that hangs. ``replies`` ends with None."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.requests: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.replies: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        # -P: the folder of the script must not shadow other modules. stderr: back ends log secrets there (dbus-python).
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_WORKER)], env=dict(environ), text=True, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._pumps = [threading.Thread(target=pump, daemon=True) for pump in (self._send, self._receive)]
        for pump in self._pumps:
            pump.start()

    def ended(self) -> bool:
        """Say whether the process is gone."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the process, and wait for that for a moment: one that the system holds fast ends when it is let go."""
        self._process.kill()
        self.requests.put(None)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        for pump in self._pumps:
            pump.join(_GRACE)

    def _send(self) -> None:
        assert self._process.stdin is not None
        with suppress(ValueError, OSError), self._process.stdin as pipe:  # broken: `_receive` tells that it is gone
            while (line := self.requests.get()) is not None:
                pipe.write(line + "\n")
                pipe.flush()

    def _receive(self) -> None:
        assert self._process.stdout is not None
        with suppress(ValueError, OSError), self._process.stdout as pipe:
            for line in pipe:
                self.replies.put(line)
        self.replies.put(None)
        self.requests.put(None)


class KeyringBackEnd:
    """One class of the keyring library, named in full: never what keyring itself would choose."""

    def __init__(self, name: str, worker: Worker) -> None:
        self.name = name
        known = capability(name)
        self.limit = known.limit if known else Limit()
        self._worker = worker

    def describe(self) -> Identity:
        """Open the back end and tell what it is. Raises BackEndUnavailable where it is missing or not viable."""
        told = self._worker.call(op="describe", back_end=self.name)
        assert isinstance(told, dict)
        lineage, members = tuple(told["lineage"]), tuple(told["members"])
        return Identity(self.name, lineage, told["priority"], told["file"], members, told["collection"])

    def write(self, entry: Entry, stored: str) -> None:
        """Keep ``stored``, and see that it is read back."""
        self._call("write", entry, password=stored)

    def read(self, entry: Entry) -> str:
        """Return the kept text. Raises NotFound."""
        return str(self._call("read", entry))

    def delete(self, entry: Entry) -> None:
        """Remove the entry. Raises NotFound."""
        self._call("delete", entry)

    def unlock(self) -> None:
        """Let the system ask the user to unlock the store. Raises BackEndLocked where it stays locked."""
        try:
            self._worker.call(op="unlock", back_end=self.name)
        except BackEndTimedOut as error:
            raise BackEndLocked(f"{self.name}: nobody answered the request to unlock it") from error

    def close(self) -> None:
        """End the worker process."""
        self._worker.close()

    def _call(self, operation: str, entry: Entry, **more: str) -> object:
        names = {"service": entry.service, "username": entry.username}
        return self._worker.call(op=operation, back_end=self.name, **names, **more)
