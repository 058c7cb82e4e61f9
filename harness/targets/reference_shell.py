"""The reference's desktop shell, looked into by its debugging port."""

from __future__ import annotations

import hashlib
import json
import secrets
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from time import monotonic, sleep
from typing import Any

import requests

from harness.errors import TargetError
from harness.faults.launch import STRANGER
from harness.machine.shell import find_shell
from harness.observations.bridge import BridgeCall, BridgeCalls, ShellState, Surface
from harness.observe import Recorder
from harness.ports.shell import Frame, RawMessage
from harness.probes import shell_scripts
from harness.probes.devtools import Devtools, pages_at
from harness.targets.reference_child import ChildGone, DesktopChild, desktop_command
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_situations import NO_BUS, prepare
from reference_impl.desktop.shell.contract import CHANNELS, Code

__all__ = ["ReferenceShell", "RunningShell"]

WINDOW = "app://shell/{name}.html"
FILES = {"main": "index", "palette": "palette", "about": "about"}
PATIENCE = 10.0  # seconds for a window to show what it should
REPLY_MS = 4000  # for the answer to one message
MALFORMED = ("null", "5", '"text"', "[]", "{}", '{"signed_in": "yes"}', '{"polluted": true, "signed_in": true}')
CODES = tuple(str(code) for code in Code)


class RunningShell:
    """A shell process, from its start to the end of the target."""

    def __init__(self, target: ReferenceHost, stage: str) -> None:
        """Raises NotHere without Qt, ChildGone where it does not start."""
        find_shell()
        self._ends = ExitStack()
        surroundings = self._ends.enter_context(prepare(NO_BUS, target.machine, target.folder))
        self.address = f"127.0.0.1:{_free_port()}"
        app = f"authassay-{secrets.token_hex(4)}"
        _, environment = desktop_command(target, stage, app, surroundings)
        command = target.command(
            "reference_impl.desktop.shell", *surroundings.arguments, clock=target.clock_file, debugging=self.address
        )
        self.child = DesktopChild(command, {**environment, "QT_QPA_PLATFORM": "offscreen"}, str(surroundings.folder))
        self._ends.callback(self.child.stop)
        self._pages: dict[str, Devtools] = {}

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

    def reload(self, window: str) -> None:
        """Show the window's page anew: nothing is left of what was run in it."""
        page = self.page(window)
        page.evaluate("window.stale = true")
        page.call("Page.navigate", url=WINDOW.format(name=FILES[window]))
        end = monotonic() + PATIENCE
        while monotonic() < end:
            with suppress(TargetError):
                if page.evaluate("document.readyState === 'complete' && window.stale === undefined"):
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


class ReferenceShell:
    """A scenario's view of the shell of its stage."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        self._target, self._stage, self._recorder = target, stage, recorder
        self._about = {"stage": stage, "client": "desktop shell"}
        if stage not in target.shells:
            target.shells[stage] = RunningShell(target, stage)
            target.closing.callback(target.shells[stage].close)
        self._shell: RunningShell = target.shells[stage]
        self._shell.child.ask(do="logout")
        self._shell.child.ask(do="cancel_login")
        self._shell.child.opened.clear()
        self._shell.reload("main")
        self._said = len(self._shell.child.said)

    def channels(self) -> Sequence[str]:
        return tuple(CHANNELS)

    def surface(self, case: str, window: str) -> Surface:
        page = self._shell.page(window)
        self._shell.reload(window)
        told = page.evaluate(shell_scripts.SURFACE)
        takers = page.evaluate(shell_scripts.CHANNEL_TAKERS)
        page.evaluate(shell_scripts.LISTEN)
        self._shell.child.ask(do="logout")
        end = monotonic() + PATIENCE
        while not (heard := page.evaluate(shell_scripts.CALLBACKS))["called"] and monotonic() < end:
            sleep(0.05)
        self._shell.reload(window)
        return self._recorder.record(
            Surface(
                case=case,
                about={**self._about, "window": window},
                declared=DECLARED,
                seen=tuple(told["names"]),
                further=tuple(told["further"]),
                reachable=tuple(told["reachable"]),
                frozen=bool(told["frozen"]),
                channels=tuple(takers),
                callbacks=tuple(heard["given"]),
                called=int(heard["called"]),
            )
        )

    def send(self, case: str, frame: Frame, messages: Sequence[RawMessage]) -> BridgeCalls:
        outcomes = self._outcomes(frame, messages)
        calls = tuple(
            BridgeCall(m.what, m.channel, str(o["outcome"]), round(float(o["seconds"]), 3), tuple(o["told"]))
            for m, o in zip(messages, outcomes, strict=False)  # who is silent is not asked to the end
        )
        return self._recorder.record(
            BridgeCalls(case=case, about={**self._about, "frame": frame}, codes=CODES, calls=calls)
        )

    def misreply(self, case: str) -> BridgeCalls:
        calls, page = [], self._shell.page("main")
        for value in MALFORMED:
            self._shell.reload("main")
            self._ask(page, {"do": "twist", "value": value})
            outcome = page.evaluate("shell.getSession().then(() => 'value', (error) => String(error.code))")
            calls.append(BridgeCall(value, "session:get", str(outcome)))
        self._shell.reload("main")
        return self._recorder.record(BridgeCalls(case=case, about=self._about, codes=CODES, calls=tuple(calls)))

    def state(self, case: str) -> ShellState:
        said = self._shell.child.said[self._said :]
        uncaught = sum('"record": "crashed"' in line or "Traceback (most recent" in line for line in said)
        try:
            told = self._shell.child.ask(do="status")
            windows = tuple(sorted(pages_at(self._shell.address)))
            page = self._shell.page("main")
            clean = page.evaluate(shell_scripts.PROTOTYPE) == USUAL
            text = str(self._ask(page, {"do": "contract"}))
        except (ChildGone, TargetError) as error:
            gone = ShellState(case=case, about={**self._about, "error": str(error)}, alive=False, signed_in=None)
            return self._recorder.record(gone)
        return self._recorder.record(
            ShellState(
                case=case,
                about=self._about,
                alive=self._shell.child.runs,
                signed_in=bool(told.get("signed_in")),
                account=str(told.get("account") or ""),
                windows=windows,
                clean=clean,
                uncaught=uncaught,
                refusals=tuple(line for line in said if "bridge-refused" in line),
                contracts={"main": str(told.get("contract")), "preload": hashlib.sha256(text.encode()).hexdigest()},
            )
        )

    def begin(self, case: str) -> str:
        self._shell.page("main").evaluate("shell.signIn().then(() => 0)")
        url = self._shell.child.wait_for_url()
        self._recorder.redactor.register_from_request(url, {}, "")
        return url

    def arrive(self, callback: str) -> None:
        self._recorder.redactor.register_from_request(callback, {}, "")
        with requests.Session() as browser:
            browser.trust_env = False
            browser.get(callback, timeout=PATIENCE)

    def close(self) -> None:
        """The shell goes on, for the next scenario."""

    def _outcomes(self, frame: Frame, messages: Sequence[RawMessage]) -> list[dict[str, Any]]:
        absent = [{"outcome": "absent", "seconds": 0.0, "told": ()} for _ in messages]
        texts = ", ".join(f"(id) => {message.text}" for message in messages)
        script = shell_scripts.SEND.replace("TEXTS", texts).replace("PATIENCE", str(REPLY_MS))
        script = script.replace("FRAME", shell_scripts.FRAMES.get(frame, "window"))
        if frame == "navigated":
            if not self._shell.lead(f"app://{STRANGER}/"):
                raise TargetError("the main window could not be led to the stranger's page")
            try:
                return self._run(self._shell.page("main"), script) or absent
            finally:
                self._shell.page("main").call("Page.navigate", url=WINDOW.format(name="index"))
                sleep(0.2)
                self._shell.reload("main")
        window = frame if frame in FILES else "main"  # a frame of the main window, or that window after its return
        try:
            return self._run(self._shell.page(window), script) or absent
        finally:
            self._shell.reload(window)

    def _run(self, page: Devtools, script: str) -> list[dict[str, Any]] | None:
        """The outcomes; None where the page has no way to the main process."""
        found: list[dict[str, Any]] | None = page.evaluate(script)
        return found

    def _ask(self, page: Devtools, what: dict[str, str]) -> Any:
        """Ask what stands behind the preload."""
        return page.evaluate(shell_scripts.ASKED.replace("FRAME", "window").replace("WHAT", json.dumps(what)))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


DECLARED = (
    "cancelSignIn/0", "getAccessToken/0", "getSession/0", "listNotes/0", "onChanged/1", "openHelp/1", "signIn/0",
    "signOut/0",
)  # fmt: skip
USUAL = (
    "__defineGetter__,__defineSetter__,__lookupGetter__,__lookupSetter__,__proto__,constructor,hasOwnProperty,"
    "isPrototypeOf,propertyIsEnumerable,toLocaleString,toString,valueOf"
)
