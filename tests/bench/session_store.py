"""Operations per second of the session store, beside keyring itself, both on the same Secret Service."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from harness.errors import NotHere, TargetError
from harness.machine.places import CHECKOUT
from harness.machine.session import PrivateSession

VALUE = "t" * 43  # as long as a refresh token


def measure(machine: PrivateSession, seconds: float) -> dict[str, Any]:
    """Have a process of its own measure: the Secret Service is the run's, not the user's."""
    if machine.service is None:
        raise machine.absent or NotHere("no Secret Service was started for this run", "start the run with one")
    command = [sys.executable, "-m", "tests.bench.session_store", str(seconds)]
    done = subprocess.run(command, env=dict(machine.environment), cwd=CHECKOUT, capture_output=True, text=True)
    if done.returncode:
        raise TargetError(f"the measuring process ended with {done.returncode}: {done.stderr[-300:]}")
    figures = json.loads(done.stdout)
    ratios = {f"store : keyring, {what}": round(figures[f"store {what}"] / figures[f"keyring {what}"], 2)
              for what in ("set", "get")}  # fmt: skip
    return {"unit": "operations/s", "figures": figures, "ratios": ratios}


def _rate(operation: Callable[[], object], seconds: float) -> float:
    """How often it can be done in a second."""
    began, done = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        operation()
        done += 1
    return round(done / (time.monotonic() - began), 1)


def _main(seconds: float) -> None:
    from keyring.backends.SecretService import Keyring

    from reference_impl.session_store import open_session_store

    began = time.monotonic()
    keyring: Any = Keyring()  # type: ignore[no-untyped-call]  # keyring has no types there
    store = open_session_store("bench")
    opening = round(time.monotonic() - began, 3)
    try:
        item = store.item_names[0]
        figures = {
            "store opens, s": opening,
            "store set": _rate(lambda: store.set("prod", "bench", item, VALUE), seconds),
            "keyring set": _rate(lambda: keyring.set_password("bench", "bench", VALUE), seconds),
            "store get": _rate(lambda: store.get("prod", "bench", item), seconds),
            "keyring get": _rate(lambda: keyring.get_password("bench", "bench"), seconds),
            "store": f"{store.status().back_end} ({store.status().mode})",
            "keyring": type(keyring).__module__,
        }
    finally:
        store.close()
    print(json.dumps(figures))


if __name__ == "__main__":
    _main(float(sys.argv[1]))
