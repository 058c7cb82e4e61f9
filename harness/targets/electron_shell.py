"""What pages of somebody else's shell can reach, as its debugging port shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from time import monotonic, sleep
from typing import Any, Never

from harness.errors import NotOffered, TargetError
from harness.observations import Absence
from harness.observations.bridge import BridgeCalls, ShellState, Surface
from harness.observe import Recorder
from harness.ports.shell import Frame, RawMessage
from harness.probes import shell_scripts
from harness.targets.electron_running import PATIENCE, RunningElectron

__all__ = ["RAW", "ElectronShell", "no_cooperation"]

MAIN = "main"
# The functions of Electron's ipcRenderer whose first argument is a channel.
RAW = ("invoke", "send", "sendSync", "sendToHost", "sendTo")
# How main processes say that they do not know a channel.
UNKNOWN = ("no handler registered", "unknownchannel", "unknown channel", "no-such-channel", "invalid channel")


def no_cooperation(what: str) -> Never:
    """Raises NotOffered."""
    raise NotOffered("cooperation", f"{what}, which only the application's own launcher could do")


class ElectronShell:
    """A scenario's view of the shell, whose main window shows its page anew."""

    def __init__(self, shell: RunningElectron, recorder: Recorder, stage: str, calls: bool) -> None:
        """`calls`: whether functions of the bridge may be called, whatever they do."""
        self._shell, self._recorder, self._calls = shell, recorder, calls
        self._about = {"stage": stage, "client": "desktop shell"}
        self._bridge = shell.description.bridge
        shell.reload()

    def channels(self) -> Sequence[str]:
        no_cooperation("messages are to be sent past the preload")

    def surface(self, case: str, window: str) -> Surface:
        if window != MAIN:
            raise NotOffered("window", f"its description names a main window, and none called {window}")
        page = self._shell.main
        page.show_blank(self._shell.url)
        told = page.evaluate(shell_scripts.SURFACE.replace("OBJECTS", json.dumps(self._bridge.objects)))
        seen = [str(name) for name in told["names"]]
        called = self._callable(seen)
        takers = self._takers(called)
        self._shell.reload()
        heard = self._heard()
        self._shell.reload()
        return self._recorder.record(
            Surface(
                case=case,
                about={**self._about, "window": window},
                declared=self._declared(seen),
                documented=self._bridge.functions is not None,
                seen=tuple(seen),
                further=tuple(told["further"]),
                reachable=tuple(told["reachable"]),
                frozen=bool(told["frozen"]) or not seen,
                channels=takers,
                uncalled=tuple(name for name in seen if _path(name) not in {*called, self._bridge.subscribe}),
                callbacks=tuple(heard["given"]),
                called=int(heard["called"]),
            )
        )

    def send(self, case: str, frame: Frame, messages: Sequence[RawMessage]) -> BridgeCalls:
        no_cooperation("messages are to be sent past the preload")

    def misreply(self, case: str) -> BridgeCalls:
        no_cooperation("replies of the main process are to be replaced")

    def state(self, case: str) -> ShellState:
        try:
            windows, alive = self._shell.windows(), True
        except TargetError:
            windows, alive = (), False
        return self._recorder.record(
            ShellState(case=case, about=self._about, alive=alive, signed_in=None, windows=windows)
        )

    def begin(self, case: str) -> str:
        no_cooperation("a sign-in is to be led through the system's browser")

    def arrive(self, callback: str) -> None:
        no_cooperation("a sign-in is to be led through the system's browser")

    def sign_out(self) -> None:
        no_cooperation("the user is to be signed out")

    def close(self) -> None:
        """The shell goes on, for the next scenario."""
        self._shell.forget()

    def _declared(self, seen: Sequence[str]) -> tuple[str, ...]:
        """The documented functions; one without a number of arguments is whatever is seen under its path."""
        known = {_path(name): name for name in seen}
        return tuple(name if "/" in name else known.get(name, name) for name in self._bridge.functions or ())

    def _callable(self, seen: Sequence[str]) -> set[str]:
        """What may be called with the name of a channel: where nothing may be called, only what is
        called as Electron's own functions are."""
        paths = {_path(name) for name in seen} - {*self._bridge.spared, self._bridge.subscribe}
        if not self._calls:
            paths = {path for path in paths if path.rpartition(".")[2] in RAW}
        if rest := sorted({_path(name) for name in seen} - paths - {self._bridge.subscribe}):
            self._lacks("leave to call functions", f"not called: {', '.join(rest)}")
        return paths

    def _takers(self, paths: set[str]) -> tuple[str, ...]:
        """The functions that take the name of a channel: by their answer to one that is not there, or because they
        are called as Electron's own are and took it."""
        if not paths:
            return ()
        script = shell_scripts.GIVEN_A_CHANNEL.replace("PATHS", json.dumps(sorted(paths)))
        outcomes: dict[str, Any] = self._shell.main.evaluate(script)
        told = {path: str(outcome).lower() for path, outcome in outcomes.items()}
        return tuple(
            path
            for path, outcome in sorted(told.items())
            if any(word in outcome for word in UNKNOWN) or (outcome == "taken" and path.rpartition(".")[2] in RAW)
        )

    def _heard(self) -> dict[str, Any]:
        """What a callback was given."""
        if not self._calls:
            self._lacks("leave to call functions", "callbacks are not provoked")
            return {"given": (), "called": 0}
        if not self._bridge.subscribe:
            self._lacks("callback", "its description names no function that takes one (bridge.subscribe)")
            return {"given": (), "called": 0}
        page = self._shell.main
        page.evaluate(shell_scripts.LISTEN.replace("SUBSCRIBE", self._bridge.subscribe))
        page.evaluate(f"void ({self._bridge.provoke})")
        end = monotonic() + PATIENCE
        while not (heard := dict(page.evaluate(shell_scripts.CALLBACKS)))["called"] and monotonic() < end:
            sleep(0.05)
        return heard

    def _lacks(self, capability: str, reason: str) -> None:
        self._recorder.record(Absence(case="absence", about=self._about, capability=capability, reason=reason))


def _path(name: str) -> str:
    return name.partition("/")[0]
