"""A back end of the `keyring` library, reached through a worker process with a time limit on every call."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reference_impl.session_store.capabilities import capability
from reference_impl.session_store.errors import BackEndLocked, BackEndTimedOut, BackEndUnavailable, NotFound
from reference_impl.session_store.model import Entry, Limit

_WORKER = Path(__file__).with_name("worker.py")


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
        """``time_limit``: seconds that one call may take, the start of the process included."""
        self._environ = dict(environ)
        self._time_limit = time_limit
        self._lock = threading.Lock()
        self._start()

    def call(self, **request: str) -> object:
        """Return what the operation returns. Raises NotFound, BackEndLocked, BackEndTimedOut, BackEndUnavailable."""
        with self._lock:
            if self._process.poll() is not None:
                self._start()
            line = self._exchange(json.dumps(request))
        reply = json.loads(line)
        if "ok" in reply:
            return reply["ok"]
        if reply["failed"] == "missing":
            raise NotFound("nothing is stored under this name")
        error = BackEndLocked if reply["failed"] == "locked" else BackEndUnavailable
        raise error(f"{request['back_end']}: {reply['why']}")

    def close(self) -> None:
        """End the process; safe to call twice."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what could not be written any more is not wanted any more
                    pipe.close()

    def _exchange(self, line: str) -> str:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            reply = self._replies.get(timeout=self._time_limit)
        except queue.Empty:
            self.close()
            raise BackEndTimedOut(f"the store did not answer within {self._time_limit:g} s") from None
        except OSError:
            reply = None  # a broken pipe: the process is gone
        if reply is None:
            self.close()
            raise BackEndUnavailable("the process that talks to the store ended")
        return reply

    def _start(self) -> None:
        # -P: the folder of the script must not shadow other modules. stderr: back ends log secrets there (dbus-python).
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_WORKER)], env=self._environ, text=True, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._replies: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=_pump, args=(self._process, self._replies), daemon=True).start()


def _pump(process: subprocess.Popen[str], replies: queue.SimpleQueue[str | None]) -> None:
    """Move lines from the child to the queue; None marks its end. Not every system reads a pipe with a time limit."""
    assert process.stdout is not None
    with suppress(ValueError, OSError):  # closed by `close` while reading
        for line in process.stdout:
            replies.put(line)
    replies.put(None)


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
