"""The reference's desktop client as a child process, driven by JSON lines on its pipes."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from harness.machine.commands import end_tree

if TYPE_CHECKING:
    from harness.targets.reference_host import ReferenceHost
    from harness.targets.reference_situations import Surroundings

__all__ = ["ChildGone", "DesktopChild", "desktop_command"]

START_SECONDS = 30.0
ANSWER_SECONDS = 40.0  # a store that hangs is given up by the client itself, long before
STOP_SECONDS = 5.0
STORE_SECONDS = 5  # what the client gives its store for one call

Line = dict[str, Any]  # what the client says is checked where it is used


class ChildGone(Exception):
    """The client ended, or does not answer; the message says what it said last."""


def desktop_command(
    target: ReferenceHost, stage: str, app: str, surroundings: Surroundings
) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment of a desktop client of a stage. Its clock is ahead as its stage's is."""
    address = target.addresses[stage]
    environment = {
        **surroundings.environment,
        "AUTH_STAGE": stage,
        "AUTH_ISSUER": address.issuer,
        "AUTH_API": address.api,
        "AUTH_APP": app,
        "AUTH_TLS_CA": str(target.reference.ca_file),
        "AUTH_STORE_TIMEOUT": str(STORE_SECONDS),
    }
    return target.command("reference_impl.desktop", *surroundings.arguments, clock=target.clock_file), environment


class DesktopChild:
    """One process, from its first line to its end."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], folder: str) -> None:
        """Start it and wait until it is ready. Raises ChildGone."""
        self._process = subprocess.Popen(
            arguments, env=dict(environment), cwd=folder, text=True, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,  # without a terminal: a weak store must not ask the person at it for a password
        )  # fmt: skip
        self._lines: queue.Queue[Line | None] = queue.Queue()
        self._said: list[str] = []
        self.heard: list[str] = []  # every line on its standard output
        self._threads = [
            _follow(self._process.stdout, self._hear, lambda: self._lines.put(None)),
            _follow(self._process.stderr, self._said.append, lambda: None),
        ]
        self.opened: list[str] = []  # URLs for the system's browser
        try:
            self.ready = self._next(START_SECONDS)
        except ChildGone:
            self.stop()
            raise

    @property
    def said(self) -> tuple[str, ...]:
        """Every line on its standard error."""
        return tuple(self._said)

    @property
    def pid(self) -> int:
        return self._process.pid

    def end_by(self, number: int) -> int:
        """Send it a signal that it is to end by; its exit code, negative where a signal ended it."""
        self._process.send_signal(number)
        return self._process.wait(STOP_SECONDS)

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def ask(self, **command: str) -> Line:
        """Send a command; its reply. Raises ChildGone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise ChildGone(f"it does not listen any more; {self._last_words()}") from error
        return self._next(ANSWER_SECONDS)

    def say(self, line: str) -> None:
        """Write a line that is no command to its input, and wait until the process has ended."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(2 * STOP_SECONDS)
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def wait_for_url(self) -> str:
        """The next URL that it wants the system's browser to open. Raises ChildGone."""
        if not self.opened:
            self.ask(do="status")  # the request for the browser was sent before the reply to this
        if not self.opened:
            raise ChildGone("it asked for no browser")
        return self.opened.pop(0)

    def logs(self) -> tuple[Line, ...]:
        """Its log records so far; a line that is none is told as `text`."""
        return tuple(_parsed(line) or {"text": line} for line in self._said if line)

    def stop(self) -> None:
        """Tell it to quit and end it if it does not; safe to call twice."""
        if self.runs:
            with suppress(ChildGone):
                self.ask(do="quit")
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        end_tree(self._process.pid)
        self._process.wait()
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _next(self, seconds: float) -> Line:
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise ChildGone(f"no answer within {seconds:g} s; {self._last_words()}") from None
        if line is None:
            self._lines.put(None)  # whoever asks next is to know it too
            raise ChildGone(f"it ended; {self._last_words()}")
        return line

    def _hear(self, text: str) -> None:
        self.heard.append(text)
        line = _parsed(text)
        if line.get("event") == "open_url":
            self.opened.append(str(line.get("url", "")))
        elif line:
            self._lines.put(line)

    def _last_words(self) -> str:
        return f"it said last: {self._said[-1]}" if self._said else "it said nothing"


def _follow(pipe: IO[str] | None, hear: Any, end: Any) -> threading.Thread:
    assert pipe is not None

    def follow() -> None:
        with suppress(ValueError, OSError):  # closed while reading
            for line in pipe:
                hear(line.rstrip("\n"))
        end()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    return thread


def _parsed(text: str) -> Line:
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}
