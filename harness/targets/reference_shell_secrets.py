"""The search for secrets in the renderers of the reference's shell, and in all that crosses its bridge."""

from __future__ import annotations

import base64
import json
from time import sleep

from harness.observations import SecretScan
from harness.observations.bridge import HandedToken
from harness.observe import Recorder
from harness.probes import shell_scripts
from harness.probes.devtools import pages_at
from harness.probes.page_scan import page_script
from harness.scan import SecretScanner, observe_scan
from harness.secret_forms import PLANTED, Secret, new_witness
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_running_shell import RunningShell

__all__ = ["ReferenceShellSecrets"]

LONG_LIVED = ("refresh_token", "code_verifier")
TOKENS = (*LONG_LIVED, "access_token")
HAND_OUT = "shell.getAccessToken().catch((error) => ({ error: String(error.code) }))"


class ReferenceShellSecrets:
    """The shell of a stage, after the port `shell` has put it in order."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        self._target, self._stage, self._recorder = target, stage, recorder
        self._shell = RunningShell.of(target, stage)
        self._about = {"stage": stage, "client": "desktop shell"}
        self._known = {secret.mark for secret in target.redactor.secrets()}
        self._windows = ["main"]
        self._errors = list[str]()
        self._reach = f"({page_script('page_reach.js')})()"

    def hand_out(self, case: str) -> HandedToken:
        told = self._shell.page("main").evaluate(HAND_OUT)
        if "error" in told:
            return self._recorder.record(HandedToken(case=case, about=self._about, outcome=str(told["error"])))
        token = str(told.get("access_token", ""))
        self._recorder.redactor.register(token, "access_token")
        end, now = _end(token), self._target.shifted.now()
        return self._recorder.record(
            HandedToken(
                case=case,
                about=self._about,
                outcome="value",
                told=float(told.get("expires_in", 0)),
                left=None if end is None else round(end - now, 1),
            )
        )

    def refresh(self, times: int) -> None:
        for _ in range(times):
            self._shell.child.ask(do="refresh")

    def refuse_refreshes(self, refuse: bool) -> None:
        network = self._target.networks[self._stage]
        network.rest()
        if refuse:
            network.forget()  # it fails while it is watched only
            network.behave("500")

    def open_window(self, window: str) -> None:
        self._shell.page(window)
        self._windows.append(window)

    def reload(self) -> None:
        self._shell.reload("main")

    def search(self, case: str) -> SecretScan:
        witness = new_witness()
        places = dict[str, str]()
        for window in self._windows:
            page = self._shell.page(window)
            half = json.dumps([witness.value[:20].decode(), witness.value[20:].decode()])
            page.evaluate(f"window.witness = {half}.join(''); shell.openHelp(window.witness).catch(() => 0)")
            page.evaluate("new Promise((go) => setTimeout(go, 50))")
            crossed = self._tapped(window)
            self._errors += [text for text in crossed if _is_error(text)]
            places[f"bridge: {window}"] = "\n".join(crossed)
            places[f"memory: {window}"] = page.heap()
            places[f"storages, address and document: {window}"] = "\n".join(page.evaluate(self._reach).values())
        places["addresses"] = "\n".join(pages_at(self._shell.address))
        scanner = SecretScanner(self._minted(LONG_LIVED))
        kinds = scanner.kinds
        scanner.add(witness)
        found = [hit for place, text in places.items() for hit in scanner.scan_bytes(place, text.encode())]
        must = {f"{part}: {window}" for window in self._windows for part in ("bridge", "memory")}
        return self._recorder.record(
            SecretScan(
                case=case,
                about=self._about,
                places=tuple(places),
                bytes=sum(len(text.encode()) for text in places.values()),
                kinds=kinds,
                hits=tuple(hit for hit in found if hit.mark != PLANTED),
                planted_found=must <= {hit.place for hit in found if hit.mark == PLANTED},
            )
        )

    def errors(self, case: str) -> SecretScan:
        for window in self._windows:
            self._errors += [text for text in self._tapped(window) if _is_error(text)]
        about = {**self._about, "errors": str(len(self._errors))}
        text = "\n".join(self._errors).encode()
        return self._recorder.record(
            observe_scan(case, {"errors": text}, SecretScanner(self._minted(TOKENS)), True, about)
        )

    def close(self) -> None:
        self.refuse_refreshes(False)

    def _tapped(self, window: str) -> list[str]:
        script = shell_scripts.ASKED.replace("FRAME", "window").replace("WHAT", json.dumps({"do": "tap"}))
        for _ in range(4):  # a page that was just loaded has its own script first
            if (told := self._shell.page(window).evaluate(script)) is not None:
                return [str(text) for text in told]
            sleep(0.1)
        return []

    def _minted(self, kinds: tuple[str, ...]) -> list[Secret]:
        return [s for s in self._target.redactor.secrets() if s.kind in kinds and s.mark not in self._known]


def _is_error(text: str) -> bool:
    """Whether it is main's refusal of a call."""
    try:
        told = json.loads(text)
        return any("error" in json.loads(argument) for argument in told.get("args", []) if told.get("type") == 1)
    except (ValueError, TypeError, AttributeError):
        return False


def _end(token: str) -> float | None:
    """When a JWT ends, in seconds since the epoch."""
    try:
        payload = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"])
    except (IndexError, KeyError, ValueError):
        return None
