"""The child process that talks to the operating system's store, so that a hanging store can be abandoned.

One JSON object a line on stdin, one a line on stdout: ``{"op", "back_end", "service", "username", "password"}`` →
``{"ok": …}`` or ``{"failed": "locked" | "missing" | "unavailable", "why": …}``. Secrets go by pipe, never by argument
or environment. A message from below a write is left out: it may quote the value. The process ends with its stdin,
even in the middle of a call that hangs. It imports nothing of this package but `native`, by its place: it starts
faster, and from anywhere.
"""

from __future__ import annotations

import importlib.util
import json
import os
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

Reply = dict[str, object]


@cache
def load(name: str) -> type[Any]:
    """Import a back end's class by its full name. `Any`: keyring back ends share no typed base worth naming."""
    module, _, attribute = name.rpartition(".")
    loaded: type[Any] = getattr(import_module(module), attribute)
    return loaded


@cache
def instance(name: str) -> Any:
    """Open a back end once per process, with what `native` mends of it."""
    opened = load(name)()
    if name in ("keyring.backends.Windows.WinVaultKeyring", "keyring.backends.macOS.Keyring"):
        spec = importlib.util.spec_from_file_location("native", Path(__file__).with_name("native.py"))
        assert spec is not None
        assert spec.loader is not None
        native = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(native)
        native.mend(opened)
    return opened


def _leave_locked(self: Any, *arguments: object, **named: object) -> bool:
    """Stand in for secretstorage's `unlock`: nobody is asked, and it stays locked. True: it was dismissed."""
    return True


@contextmanager
def without_prompts() -> Iterator[None]:
    """Keep the Secret Service from asking the user: only `unlock` may, for whoever wants an answer now cannot wait."""
    if "secretstorage" not in sys.modules:
        yield
        return
    kinds = [sys.modules["secretstorage"].Collection, sys.modules["secretstorage"].Item]
    asking = [kind.unlock for kind in kinds]
    for kind in kinds:
        kind.unlock = _leave_locked
    try:
        yield
    finally:
        for kind, unlock in zip(kinds, asking, strict=True):
            kind.unlock = unlock


def unlock(request: dict[str, str]) -> Reply:
    """Let the system ask the user, where the store is locked and its library can have it unlocked."""
    open_collection = getattr(instance(request["back_end"]), "get_preferred_collection", None)
    if open_collection is not None:
        with closing(open_collection().connection):
            pass
    return {"ok": None}


def describe(request: dict[str, str]) -> Reply:
    """Tell what the acceptance rules judge. Asking a back end for its priority finds out whether it is viable."""
    cls = load(request["back_end"])
    opened = instance(request["back_end"])
    file = getattr(opened, "file_path", None) or getattr(opened, "filename", None)
    identity = {
        "lineage": [f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__],
        "priority": float(cls.priority),
        "file": None if file is None else str(file),
        "members": [f"{type(m).__module__}.{type(m).__qualname__}" for m in getattr(opened, "backends", ())],
        "collection": getattr(opened, "preferred_collection", None),
    }
    return {"ok": identity}


def write(request: dict[str, str]) -> Reply:
    """Store, and read back: some stores keep another entry of the same name, or a part of the value."""
    store, address = instance(request["back_end"]), (request["service"], request["username"])
    store.set_password(*address, request["password"])
    if store.get_password(*address) != request["password"]:
        return {"failed": "unavailable", "why": "the store keeps another value than the one it was given"}
    return {"ok": None}


def read(request: dict[str, str]) -> Reply:
    """Fetch; a missing entry is `missing`, never an empty text."""
    kept = instance(request["back_end"]).get_password(request["service"], request["username"])
    return {"failed": "missing", "why": ""} if kept is None else {"ok": kept}


def delete(request: dict[str, str]) -> Reply:
    """Delete until nothing is found: other programs may have left a second entry of the same name."""
    store, address = instance(request["back_end"]), (request["service"], request["username"])
    if store.get_password(*address) is None:
        return {"failed": "missing", "why": ""}
    for _ in range(5):
        store.delete_password(*address)
        if store.get_password(*address) is None:
            return {"ok": None}
    return {"failed": "unavailable", "why": "the store still holds the entry after it was deleted"}


OPERATIONS = {"describe": describe, "write": write, "read": read, "delete": delete, "unlock": unlock}


def classify(error: Exception) -> str:
    """Sort a failure by what can happen, as measured: many failures of keyring back ends are not KeyringError."""
    from keyring.errors import InitError, KeyringLocked

    dismissed = isinstance(error, InitError) and "dismissed" in str(error)
    return "locked" if dismissed or isinstance(error, KeyringLocked) else "unavailable"


def answer(request: dict[str, str]) -> Reply:
    """Do one operation; whatever it raises becomes an answer, for the parent decides what follows."""
    try:
        if request["op"] == "unlock":
            return unlock(request)
        load(request["back_end"])  # which imports what could ask
        with without_prompts():
            return OPERATIONS[request["op"]](request)
    except Exception as error:  # noqa: BLE001 the back end is foreign code; nothing it raises may end the worker
        why = type(error).__qualname__
        return {"failed": classify(error), "why": why if request["op"] == "write" else f"{why}: {error}"[:300]}


def main() -> None:
    """Answer until stdin ends."""
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            requests.put(line)
        os._exit(0)  # the parent is gone or done; a call that hangs must not keep this process

    threading.Thread(target=listen, daemon=True).start()
    while True:
        print(json.dumps(answer(json.loads(requests.get()))), flush=True)


if __name__ == "__main__":
    main()
