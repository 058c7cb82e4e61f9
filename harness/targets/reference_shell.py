"""The reference's desktop shell, looked into by its debugging port."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

import requests

from harness.errors import TargetError
from harness.faults.launch import STRANGER
from harness.observations.bridge import BridgeCall, BridgeCalls, ShellState, Surface
from harness.observe import Recorder
from harness.ports.shell import Frame, RawMessage
from harness.probes import shell_scripts
from harness.probes.devtools import Devtools, pages_at
from harness.targets.reference_child import ChildGone
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_running_shell import FILES, PATIENCE, WINDOW, RunningShell
from reference_impl.desktop.shell.contract import CHANNELS, Code

__all__ = ["ReferenceShell"]

REPLY_MS = 4000  # for the answer to one message
MALFORMED = ("null", "5", '"text"', "[]", "{}", '{"signed_in": "yes"}', '{"polluted": true, "signed_in": true}')
CODES = tuple(str(code) for code in Code)


class ReferenceShell:
    """A scenario's view of the shell of its stage."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        self._target, self._stage, self._recorder = target, stage, recorder
        self._about = {"stage": stage, "client": "desktop shell"}
        self._shell = RunningShell.of(target, stage)
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
        told = page.evaluate(shell_scripts.SURFACE.replace("OBJECTS", '["shell"]'))
        takers = page.evaluate(shell_scripts.CHANNEL_TAKERS)
        page.evaluate(shell_scripts.LISTEN.replace("SUBSCRIBE", "shell.onChanged"))
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
        self._shell.child.opened.clear()  # what others asked for before is not this one's
        self._shell.page("main").evaluate("shell.signIn().then(() => 0)")
        url = self._shell.child.wait_for_url()
        self._recorder.redactor.register_from_request(url, {}, "")
        return url

    def arrive(self, callback: str) -> None:
        self._recorder.redactor.register_from_request(callback, {}, "")
        with requests.Session() as browser:
            browser.trust_env = False
            browser.get(callback, timeout=PATIENCE)
        self._shell.follow()

    def sign_out(self) -> None:
        self._shell.page("main").evaluate("shell.signOut().then(() => 0)")

    def close(self) -> None:
        """The shell goes on, for the next scenario; its session does not, or its background work would be heard of in
        those of others."""
        with suppress(ChildGone):
            self._shell.child.ask(do="logout")

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


DECLARED = tuple(
    f"shell.{name}"
    for name in (
        "beginSync/0", "cancelSignIn/0", "getAccessToken/0", "getSession/0", "listNotes/0", "onChanged/1", "openHelp/1",
        "pull/2", "push/2", "renewHandle/1", "signIn/0", "signOut/0",
    )
)  # fmt: skip
USUAL = (
    "__defineGetter__,__defineSetter__,__lookupGetter__,__lookupSetter__,__proto__,constructor,hasOwnProperty,"
    "isPrototypeOf,propertyIsEnumerable,toLocaleString,toString,valueOf"
)
