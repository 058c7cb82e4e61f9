"""The process of the reference's desktop shell that scenarios share, and its windows by their debugging port."""

from __future__ import annotations

import json
import secrets
import socket
from contextlib import ExitStack, suppress
from time import monotonic, sleep

from harness.errors import TargetError
from harness.machine.sandbox import as_user
from harness.machine.shell import find_shell
from harness.probes.devtools import Devtools, pages_at
from harness.targets.reference_child import DesktopChild, desktop_command
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_situations import NO_BUS, prepare

__all__ = ["FILES", "PATIENCE", "WINDOW", "RunningShell", "free_port"]

WINDOW = "app://shell/{name}.html"
FILES = {"main": "index", "palette": "palette", "about": "about"}
FOLLOWS = """shell.getSession().then(({ signed_in, number }) => document.readyState === "complete"
  && (!signed_in || document.body.dataset.session === String(number)))"""
PATIENCE = 10.0  # seconds for a window to show what it should


class RunningShell:
    """A shell process, from its start to the end of the target."""

    def __init__(self, target: ReferenceHost, stage: str) -> None:
        """Raises NotHere without Qt, ChildGone where it does not start."""
        find_shell()
        self._ends = ExitStack()
        surroundings = self._ends.enter_context(prepare(NO_BUS, target.machine, target.folder))
        self.address = f"127.0.0.1:{free_port()}"
        self.folder = surroundings.folder
        self.app = app = f"authassay-{secrets.token_hex(4)}"
        _, environment = desktop_command(target, stage, app, surroundings)
        command = target.command(
            "reference_impl.desktop.shell", *surroundings.arguments, clock=target.clock_file, debugging=self.address
        )
        self.child = DesktopChild(
            [*as_user(), *command],
            {**environment, "QT_QPA_PLATFORM": "offscreen", "AUTH_BACKGROUND_PAUSE": "1"},
            str(surroundings.folder),
        )
        self._ends.callback(self.child.stop)
        self._pages: dict[str, Devtools] = {}

    @classmethod
    def of(cls, target: ReferenceHost, stage: str) -> RunningShell:
        """The one of a stage, started when first asked for."""
        if stage not in target.shells:
            target.shells[stage] = cls(target, stage)
            target.closing.callback(target.shells[stage].close)
        running: RunningShell = target.shells[stage]
        return running

    def page(self, window: str) -> Devtools:
        """The page that a window shows; the window is opened where it is not yet. Raises TargetError."""
        if window not in self._pages:
            if window != "main":
                self.child.ask(do="open", window=window)
            url = WINDOW.format(name=FILES[window])
            end = monotonic() + PATIENCE
            while url not in (pages := pages_at(self.address)):
                if monotonic() > end:
                    raise TargetError(f"no window shows {url}; there are {', '.join(pages)}")
                sleep(0.05)
            self._pages[window] = Devtools(pages[url])
            self.settle(window)
        return self._pages[window]

    def settle(self, window: str) -> None:
        """Wait until the page's own script has run."""
        end = monotonic() + PATIENCE
        while not self._pages[window].evaluate("document.readyState === 'complete' && location.protocol !== 'about:'"):
            if monotonic() > end:
                raise TargetError(f"the window {window} does not load")
            sleep(0.05)

    def follow(self) -> None:
        """Wait until the main window shows the session that is there; it is loaded anew where it showed another."""
        page, end = self.page("main"), monotonic() + PATIENCE
        while monotonic() < end:
            with suppress(TargetError):
                if page.evaluate(FOLLOWS):
                    return
            sleep(0.05)

    def reload(self, window: str) -> None:
        """Show the window's page anew: nothing is left of what was run in it."""
        page = self.page(window)
        page.evaluate("window.stale = true")
        url = WINDOW.format(name=FILES[window])
        page.call("Page.navigate", url=url)
        there = (
            f"document.readyState === 'complete' && window.stale === undefined && location.href === {json.dumps(url)}"
        )
        end = monotonic() + PATIENCE
        while monotonic() < end:
            with suppress(TargetError):
                if page.evaluate(there):
                    return
            sleep(0.05)
        raise TargetError(f"the window {window} does not load again")

    def lead(self, url: str) -> bool:
        """Lead the main window elsewhere, as a script of its page could; whether it went there."""
        page = self.page("main")
        page.evaluate(f"void (location.href = {json.dumps(url)})")
        end = monotonic() + PATIENCE
        while monotonic() < end:
            with suppress(TargetError):
                if page.evaluate("document.readyState === 'complete' && location.href") == url:
                    return True
            sleep(0.05)
        return False

    def close(self) -> None:
        for page in self._pages.values():
            page.close()
        self._pages.clear()
        self._ends.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
