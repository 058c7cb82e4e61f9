"""One stage of OpenAuth: a Node process that serves an issuer and an API behind it, and ends when its input does."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from harness.errors import TargetError
from harness.machine.commands import end_tree
from harness.machine.node import find_node
from harness.machine.npm import OPENAUTH
from harness.machine.session import PrivateSession

__all__ = ["OpenAuthProcess"]

SECONDS = 30.0  # until it answers; about half a second is usual
_REASON = re.compile(r"^\w*Error\b.*", re.MULTILINE)


class OpenAuthProcess:
    """Speaks a line of JSON for each line of JSON, as `openauth_server/server.mjs` tells. Its log is in `log`."""

    def __init__(self, process: subprocess.Popen[str], stage: str, log: Path) -> None:
        self._process, self._stage, self._log = process, stage, log
        self._lines: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, name=f"openauth:{stage}", daemon=True)
        self._listener.start()

    @classmethod
    def start(cls, stage: str, machine: PrivateSession, folder: Path) -> Self:
        """Starts it, without waiting for it; its log goes into `folder`. Raises NotHere where Node or OpenAuth is not
        here."""
        command = [find_node(), OPENAUTH.find().parents[2] / "server.mjs"]
        log = folder / f"{stage}.log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(machine.environment),
                cwd=folder,
                text=True,
                encoding="utf-8",
            )
        return cls(process, stage, log)

    def tell(self, said: Mapping[str, object]) -> None:
        """Sends a line. Raises TargetError with its own reason where it has ended."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(said) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError) as error:  # ValueError: the pipe was closed by `stop`
            raise self._ended() from error

    def hear(self) -> dict[str, Any]:
        """The next answer. Raises TargetError where it has ended, with its own reason, or keeps silent."""
        try:
            line = self._lines.get(timeout=SECONDS)
        except queue.Empty:
            raise TargetError(f"OpenAuth ({self._stage}) did not answer within {SECONDS:g} s") from None
        if not line:
            raise self._ended()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def stop(self) -> None:
        """Ends it; safe to call twice."""
        end_tree(self._process.pid)
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what was written last, and nobody will read
                pipe and pipe.close()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _ended(self) -> TargetError:
        said = _REASON.findall(self._log.read_text(encoding="utf-8", errors="replace"))
        return TargetError(f"OpenAuth ({self._stage}) has ended: {said[-1] if said else 'it gave no reason'}")
