"""A desktop shell that others wrote, as it runs: its processes, and its pages by their debugging port."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import psutil

from harness.errors import TargetError
from harness.machine.commands import end_tree
from harness.machine.sandbox import as_user
from harness.machine.session import PrivateSession
from harness.probes.devtools import Devtools, pages_at
from harness.targets.electron_description import ShellDescription

__all__ = ["PATIENCE", "RunningElectron", "Surroundings", "end", "filled", "free_port", "start", "surroundings"]

PATIENCE = 10.0  # seconds for a page to show what it should
TOLD = 300  # characters of what a shell said last, where it does not start
# In the place of the system's browser on Linux: it notes the address, and opens nothing.
OPENER = '#!/bin/sh\nprintf "%s\\n" "$1" >> "{noted}"\n'
OPENERS = ("xdg-open", "gio", "x-www-browser", "sensible-browser")


@dataclass(frozen=True)
class Surroundings:
    """A home of its own, and what a shell is started with there; `noted` gets addresses for the system's browser."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def noted(self) -> Path:
        return self.folder / "opened"


@contextmanager
def surroundings(machine: PrivateSession) -> Iterator[Surroundings]:
    """A folder of this shell alone, which goes with the context."""
    with TemporaryDirectory(dir=machine.folder, prefix="shell-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # Temporary files lie where the run's do: Chromium makes a socket there, and paths of sockets are short.
        places = {
            "HOME": "home", "XDG_RUNTIME_DIR": "runtime",
            **{f"XDG_{kind.upper()}_HOME": kind for kind in ("cache", "config", "data", "state")},
            **({"USERPROFILE": "home", "APPDATA": "config", "LOCALAPPDATA": "data"} if os.name == "nt" else {}),
        }  # fmt: skip
        for place in {*places.values(), "bin"}:
            (folder / place).mkdir(mode=0o700)
        for opener in OPENERS:
            (folder / "bin" / opener).write_text(OPENER.format(noted=folder / "opened"))
            (folder / "bin" / opener).chmod(0o700)
        path = os.pathsep.join([str(folder / "bin"), machine.environment.get("PATH", os.defpath)])
        own = {variable: str(folder / place) for variable, place in places.items()}
        yield Surroundings(folder, {**machine.environment, **own, "PATH": path, "BROWSER": "xdg-open"})


def start(
    command: Sequence[str], into: Surroundings, further: Mapping[str, str], log: str = "log"
) -> subprocess.Popen[bytes]:
    """Start a program there, with what it says in a file and an input that does not end (some take that for their
    own end); not as root, which Chromium's sandbox does not suffer. `end` ends it."""
    with (into.folder / log).open("wb") as said:
        try:
            return subprocess.Popen(
                [*as_user(), *command], env={**into.environment, **further}, cwd=into.folder,
                stdin=subprocess.PIPE, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise TargetError(f"{command[0]} cannot be started: {error.strerror}") from error


class RunningElectron:
    """One shell, from its start to `close`; one that ran already goes on."""

    def __init__(self, description: ShellDescription, machine: PrivateSession) -> None:
        """Raises TargetError where it does not start, or shows no page such as the description names."""
        self.description, self._machine, self._ends = description, machine, ExitStack()
        self.process: subprocess.Popen[bytes] | None = None
        self._main: Devtools | None = None
        self.begin()

    def begin(self) -> None:
        """Start it, anew where it runs; one that was not started here is only looked for."""
        self.close()
        try:
            self.into = self._ends.enter_context(surroundings(self._machine))
            port = free_port()
            self.address = self.description.debugging or f"127.0.0.1:{port}"
            if self.description.command:
                names = {"{port}": str(port), "{home}": self.into.environment["HOME"]}
                further = {name: filled(value, names) for name, value in self.description.environment.items()}
                self.process = start([filled(part, names) for part in self.description.command], self.into, further)
                self._ends.callback(end, self.process)
            self.url = self._first_page()
        except BaseException:
            self.close()
            raise

    @property
    def main(self) -> Devtools:
        """The main window's page. Raises TargetError where there is none any more."""
        end = monotonic() + PATIENCE
        while self._main is None:
            pages = {url: at for url, at in pages_at(self.address, PATIENCE).items() if self.description.is_own(url)}
            if pages:
                self._main = Devtools(pages.get(self.url) or next(iter(pages.values())))
            elif monotonic() > end:
                raise TargetError(f"no window shows {self.description.page} any more")
            else:
                sleep(0.1)
        return self._main

    def windows(self) -> tuple[str, ...]:
        return tuple(sorted(pages_at(self.address, PATIENCE)))

    def reload(self) -> Devtools:
        """Show the main window's page anew: nothing is left of what was run in it."""
        page = self.main
        with suppress(TargetError):
            page.evaluate("void (window.authassayStale = true)")
        page.call("Page.navigate", url=_bare(self.url))  # with its fragment it might not be loaded
        end = monotonic() + PATIENCE
        there = (
            "document.readyState === 'complete' && window.authassayStale === undefined"
            f" && location.href.startsWith({json.dumps(_bare(self.url))})"
        )
        while monotonic() < end:
            with suppress(TargetError):
                if page.evaluate(there):
                    return page
            sleep(0.05)
        raise TargetError(f"the main window does not load {self.url} again")

    def close_strange_windows(self) -> None:
        for url, at in pages_at(self.address, PATIENCE).items():
            if not self.description.is_own(url):
                with suppress(TargetError, OSError):
                    other = Devtools(at)
                    other.tell("Page.close")
                    other.close()

    def forget(self) -> None:
        """The connection to the main page is made anew when it is next asked for."""
        if self._main is not None:
            self._main.close()
            self._main = None

    def root(self) -> int:
        """The shell's main process: the one that was started, or that has its debugging port. Raises TargetError."""
        if self.process is not None:
            return self.process.pid
        port = int(self.address.rpartition(":")[2])
        with suppress(psutil.Error):
            for each in psutil.net_connections(kind="tcp"):
                if each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port and each.pid:
                    return int(each.pid)
        raise TargetError(f"the system does not tell which process listens at {self.address}")

    def opened(self) -> tuple[str, ...]:
        """The addresses for which the system's browser was asked, where the shell was started here on Linux."""
        noted = self.into.noted
        return tuple(noted.read_text(encoding="utf-8").splitlines()) if noted.is_file() else ()

    def close(self) -> None:
        """End it where it was started here; safe to call twice."""
        self.forget()
        self._ends.close()

    def _first_page(self) -> str:
        """The URL of the first page that the description means."""
        end, shown = monotonic() + self.description.seconds, tuple[str, ...]()
        while monotonic() < end:
            if self.process is not None and self.process.poll() is not None:
                raise TargetError(f"it has ended with {self.process.returncode}: {self._said()}")
            with suppress(TargetError):
                shown = tuple(pages_at(self.address, 0.0))
            if found := next((url for url in shown if self.description.is_main(url)), ""):
                return found
            sleep(0.1)
        if not shown:
            raise TargetError(f"no debugging protocol at {self.address}: {self._said()}")
        raise TargetError(f"no window shows {self.description.page}; there are {', '.join(shown)}")

    def _said(self) -> str:
        log = self.into.folder / "log"
        said = log.read_text(encoding="utf-8", errors="replace").strip() if log.is_file() else ""
        fatal = [line for line in said.splitlines() if "FATAL" in line]
        return fatal[-1][:TOLD] if fatal else said[-TOLD:] or "it said nothing"


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends it with all that it started; safe to call twice."""
    end_tree(process.pid)
    process.wait()
    if process.stdin:
        process.stdin.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def filled(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(name, value)
    return text


def _bare(url: str) -> str:
    return url.partition("#")[0]
