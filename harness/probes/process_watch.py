"""Looks at the arguments and the environment of a process and all its descendants, again and again.

Polling can miss a process that lives for less than the time between two looks, which is recorded. A process planted
for the purpose, with a witness in both places, is looked at the same way.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

__all__ = ["ARGUMENTS", "ENVIRONMENT", "Watcher"]

ARGUMENTS, ENVIRONMENT = "arguments", "environment"
PAUSE = 0.004  # seconds between two looks
PLANTED_SECONDS = 120


class Watcher:
    """From its making until `stop`; `seen` holds what was seen, in memory only."""

    def __init__(self, root: int) -> None:
        """`root`: the process whose tree is watched."""
        self.witness = secrets.token_urlsafe(32)
        self.seen: dict[str, set[bytes]] = {ARGUMENTS: set(), ENVIRONMENT: set()}
        self.planted: dict[str, set[bytes]] = {ARGUMENTS: set(), ENVIRONMENT: set()}
        self.looks, self.longest_gap = 0, 0.0
        self._root = root
        self._planted = _plant(self.witness)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def processes(self) -> tuple[str, ...]:
        """Each process seen, by its arguments."""
        texts = {argv.replace(b"\0", b" ").decode("utf-8", "replace").strip() for argv in self.seen[ARGUMENTS]}
        return tuple(sorted(texts))

    def stop(self) -> None:
        """Look once more, and end; safe to call twice."""
        self._stopped.set()
        self._thread.join(10)
        self._planted.kill()
        self._planted.wait()

    def _watch(self) -> None:
        last = time.monotonic()
        while True:
            ends = self._stopped.is_set()
            self._look(self._root, self.seen)
            self._look(self._planted.pid, self.planted)
            now = time.monotonic()
            self.looks, self.longest_gap, last = self.looks + 1, max(self.longest_gap, round(now - last, 3)), now
            if ends:
                return
            self._stopped.wait(PAUSE)

    def _look(self, root: int, into: dict[str, set[bytes]]) -> None:
        for pid in _tree(root):
            for what, data in _shown(pid):
                if data:
                    into[what].add(data)


def _plant(witness: str) -> subprocess.Popen[bytes]:
    sleep = f"import time; time.sleep({PLANTED_SECONDS})"
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", sleep, witness],
        env={**os.environ, "AUTHASSAY_PLANTED": witness},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def _tree(root: int) -> Iterator[int]:
    yield root
    folder = Path(f"/proc/{root}/task")
    if not folder.exists():
        if not Path("/proc/self").exists():  # another system than Linux
            with suppress(psutil.Error):
                yield from (child.pid for child in psutil.Process(root).children(recursive=True))
        return
    with suppress(OSError):
        for task in folder.iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def _shown(pid: int) -> Iterator[tuple[str, bytes]]:
    """What other programs can read of a process; nothing where it is gone."""
    folder = Path(f"/proc/{pid}")
    if Path("/proc/self").exists():
        with suppress(OSError):
            yield ARGUMENTS, (folder / "cmdline").read_bytes()
            yield ENVIRONMENT, (folder / "environ").read_bytes()
        return
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        yield ARGUMENTS, "\0".join(process.cmdline()).encode()
        yield ENVIRONMENT, "\0".join(f"{name}={value}" for name, value in process.environ().items()).encode()
