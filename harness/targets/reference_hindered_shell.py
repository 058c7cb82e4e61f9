"""The reference's shell while its main process, its store or its issuer hangs."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections import Counter
from time import monotonic, sleep
from typing import Any

from harness.machine.replicache import find_bundle
from harness.observations import SyncState, SyncWrites
from harness.observations.bridge import BridgeCall, BridgeCalls, HeldSession, Replies, Settlement, Settlements
from harness.observe import Recorder
from harness.ports.shell_hindered import Obstacle
from harness.probes import bridge_calls, shell_scripts
from harness.probes.devtools import Devtools
from harness.probes.hindrance import Hindrance
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_running_shell import PATIENCE, RunningShell
from harness.targets.reference_sync_network import HELD, KEPT_BACK
from harness.targets.reference_sync_page import LOOK, WRITE
from reference_impl.desktop.shell.contract import CHANNELS, Code

__all__ = ["ReferenceHinderedShell"]

SIGNAL = 1  # of QWebChannel's messages
AWAITED = 9.0  # seconds that the main process awaits an answer of the issuer, and less
TAKEN = 0.5  # seconds in which the main process has taken an answer that was kept back
OPEN = "document.querySelector('#notes')?.dataset.open === 'yes'"
Given = dict[str, list[str]]  # arguments by function
OF_ISSUER = (HELD, KEPT_BACK, "reset")
ENDS = "signOut"  # it ends the session, and is called last
HELP = "https://help.localhost/"
CODES = tuple(str(code) for code in Code)
SESSION = """
(async () => {
  const told = await shell.getSession(), code = (error) => String(error.code);
  const handle = await shell.beginSync().then(({ handle }) => handle, code);
  const data = await shell.listNotes().then(() => "value", code);
  return { ...told, handle, data };
})()
"""


class ReferenceHinderedShell:
    """The shell of a stage, after the port `shell` has put it in order."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        """Raises NotHere where there is no bundle of Replicache."""
        find_bundle()
        self._target, self._stage, self._recorder = target, stage, recorder
        self._shell = RunningShell.of(target, stage)
        self._hindrance, self._network = Hindrance(self._shell.folder), target.networks[stage]
        self._about = {"stage": stage, "client": "desktop shell"}
        self._handle, self._written = "", list[str]()
        self._began, self._waited = 0.0, 0.0
        self.free()

    def hinder(self, what: Obstacle) -> None:
        self._learn_handle()
        if what in OF_ISSUER:
            self._network.behave(what)
        else:
            self._hindrance.begin(what)

    def free(self) -> None:
        self._waited = monotonic() - self._began
        self._hindrance.end()
        self._network.behave()
        self._network.forget()
        if self._waited < AWAITED:
            sleep(TAKEN)

    def call_all(self, case: str, callers: int) -> Settlements:
        return self._settlements(case, self._given(), callers)

    def sign_out(self, case: str, callers: int) -> Settlements:
        return self._settlements(case, {ENDS: []}, callers)

    def _settlements(self, case: str, given: Given, callers: int) -> Settlements:
        self._tapped()
        told = self._call(given, callers)
        by_method: dict[str, list[dict[str, Any]]] = {}
        for one in told["calls"]:
            by_method.setdefault(one["name"], []).append(one)
        limits = {channel.method: channel.limit for channel in CHANNELS.values()}
        calls = tuple(
            Settlement(
                method,
                limits[method],
                Counter(str(one["outcome"]) for one in ones),
                round(max(one["seconds"] for one in ones), 3),
                round(max(one["returned"] for one in ones), 1),
            )
            for method, ones in sorted(by_method.items())
        )
        longest = None if told["longest"] is None else round(float(told["longest"]), 1)
        return self._recorder.record(
            Settlements(case=case, about=self._about, codes=CODES, calls=calls, longest=longest)
        )

    def call_each(self, case: str) -> BridgeCalls:
        told = self._call(self._given(), 1)["calls"]
        calls = tuple(
            BridgeCall(one["name"], one["name"], str(one["outcome"]), round(float(one["seconds"]), 3)) for one in told
        )
        return self._recorder.record(BridgeCalls(case=case, about=self._about, codes=CODES, calls=calls))

    def replies(self, case: str) -> Replies:
        """What the main process replied since it was last asked for."""
        ids = Counter(identifier for identifier in map(_identifier, self._tapped()) if identifier is not None)
        twice = sum(number > 1 for number in ids.values())
        return self._recorder.record(Replies(case=case, about=self._about, number=len(ids), twice=twice))

    def write(self, case: str, number: int) -> SyncWrites:
        self._open()
        texts = tuple(f"{case}, {at}: {secrets.token_hex(4)}" for at in range(number))
        self._written += texts
        took = self._page.evaluate(f"({WRITE})({json.dumps(texts)})")
        rounded = tuple(round(float(one), 1) for one in took)
        return self._recorder.record(SyncWrites(case=case, about=self._about, texts=texts, milliseconds=rounded))

    def settle(self, case: str, seconds: float) -> SyncState:
        began = monotonic()
        while (waited := monotonic() - began) < seconds:
            seen = self._page.evaluate(f"({LOOK})()")
            if seen["unsaved"] == 0 and set(self._written) <= set(self._stored()):
                break
            sleep(0.1)
        self._learn_handle()
        return self._recorder.record(
            SyncState(
                case=case,
                about=self._about,
                state=str(seen["state"]),
                unsaved=int(seen["unsaved"]),
                shown=tuple(seen["shown"]),
                stored=self._stored(),
                acknowledged=0,
                asks_for_login=bool(seen["asks"]),
                seconds=round(waited, 3),
            )
        )

    def begin_refresh(self) -> None:
        self._began = monotonic()
        self._page.evaluate(f"void shell.renewHandle({json.dumps(self._handle)}).catch(() => 0)")

    def session(self, case: str) -> HeldSession:
        told = self._page.evaluate(SESSION)
        late = self._network.given_late if self._waited < AWAITED else 0
        return self._recorder.record(
            HeldSession(
                case=case,
                about=self._about,
                signed_in=bool(told["signed_in"]),
                account=str(told["account"]),
                number=int(told["number"]),
                handle=str(told["handle"]),
                data=str(told["data"]),
                late=late,
            )
        )

    def close(self) -> None:
        self.free()
        self._network.rest()

    @property
    def _page(self) -> Devtools:
        return self._shell.page("main")

    def _learn_handle(self) -> None:
        self._handle = str(self._page.evaluate("shell.beginSync().then(({ handle }) => handle, () => '')"))

    def _open(self) -> None:
        """Wait until the page has its notes."""
        end = monotonic() + PATIENCE
        while not self._page.evaluate(OPEN) and monotonic() < end:
            sleep(0.05)

    def _call(self, given: Given, callers: int) -> dict[str, Any]:
        script = bridge_calls.CALL.replace("GIVEN", json.dumps(given)).replace("CALLERS", str(callers))
        told: dict[str, Any] = self._page.evaluate(script)
        return told

    def _given(self) -> Given:
        """What each function of the contract is called with."""
        sync = ["{}", self._handle]
        given = {"renewHandle": [self._handle], "push": sync, "pull": sync, "openHelp": [HELP]}
        methods = [channel.method for channel in CHANNELS.values() if channel.method != ENDS]
        return {method: given.get(method, []) for method in methods}

    def _stored(self) -> tuple[str, ...]:
        """The texts that were written, as the server has them."""
        with sqlite3.connect(self._target.reference.stages[self._stage].app.database.path) as connection:
            texts = [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY rowid")]
        connection.close()
        return tuple(text for text in texts if text in self._written)

    def _tapped(self) -> list[str]:
        script = shell_scripts.ASKED.replace("FRAME", "window").replace("WHAT", json.dumps({"do": "tap"}))
        return [str(text) for text in self._page.evaluate(script) or ()]


def _identifier(text: str) -> int | None:
    """Of which call it is the reply; None of anything else that crossed the bridge."""
    try:
        told = json.loads(text)
        reply = json.loads(told["args"][0]) if told.get("type") == SIGNAL else {}
        return int(reply["id"])
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None
