"""A small process that outlives a killed run for a moment, to clear away after it.

`python -m harness.machine.guardian RUN FOLDER`, with a pipe from the run as standard input. A byte on the pipe means
that the run has cleared away itself. The pipe's end without a byte, or the owner's, means that it was killed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from harness.machine.leftovers import MARK, clear, owner_lives, sweep
from harness.machine.places import CHECKOUT

__all__ = ["Guardian", "watch"]

LOOK_SECONDS = 1.0  # how often it looks for the owner, should a forked child still hold the pipe


class Guardian:
    """The run's hold on its guardian. Starting it does not wait for it."""

    def __init__(self, run: str, folder: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if name != MARK}
        environment["PYTHONPATH"] = str(CHECKOUT)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, run, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=CHECKOUT.anchor,
            start_new_session=True,  # Ctrl-C and a kill of the run's process group do not reach it
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def dismiss(self) -> None:
        """Ends it; the run has cleared away itself."""
        self._process.communicate(b".", timeout=10)


def watch(run: str, folder: Path) -> None:
    """Waits for the end of the run, and clears away what a killed one left."""
    ended = threading.Event()
    said: list[bytes] = []

    def listen() -> None:
        said.append(sys.stdin.buffer.read(1))
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    while not ended.wait(LOOK_SECONDS) and owner_lives(run):
        pass
    if said != [b"."]:
        clear(run, folder)
        sweep()  # runs inside this one died with it, and their guardians with them


if __name__ == "__main__":
    watch(sys.argv[1], Path(sys.argv[2]))
    os._exit(0)  # the listening thread may still hold standard input, which would block an orderly end
