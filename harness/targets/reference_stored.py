"""The reference's desktop client in surroundings of its own: keyring, home, processes, and what it leaves behind."""

from __future__ import annotations

import base64
import hashlib
import json
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from harness.errors import TargetError
from harness.matrix import this_os
from harness.observations import (
    AccessAttempt,
    BrowserHandover,
    CrashRecord,
    HttpExchange,
    NativeListing,
    PersistencePolicy,
    Responsiveness,
    SecretScan,
    StoreOperation,
    StoreState,
)
from harness.observe import Recorder
from harness.probes.agent import Agent
from harness.probes.http import Answer, HttpProbe
from harness.probes.local_storage import leave_profile
from harness.probes.login import Journey, Login, walk_forms
from harness.probes.page_scan import PageSearch
from harness.probes.process_watch import Watcher
from harness.probes.responsiveness import measured
from harness.scan import SecretScanner, observe_scan
from harness.secret_forms import backwards
from harness.targets.reference_attempts import attempt_as_user, attempt_on_machine
from harness.targets.reference_child import ChildGone, DesktopChild, Line
from harness.targets.reference_desktop import ReferenceDesktop
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_remains import crash, scan_with_open_places, tell_watched
from harness.targets.reference_situations import OWN
from harness.targets.reference_tokens import KINDS, SECRETS, MintedTokens
from harness.targets.reference_vault import Vault

__all__ = ["ReferenceStored"]

Outcome = Literal["done", "value", "not_found", "refused", "locked", "error"]
LOOPBACK = "http://127.0.0.1:"
WITNESS = b"a witness, set while the store was locked"
OUTCOMES: dict[str, Outcome] = {
    "NotFound": "not_found",
    "ValueRefused": "refused",
    "BackEndLocked": "locked",
}
_UNLIMITED = 'ulimit -c unlimited 2>/dev/null || ulimit -c "$(ulimit -H -c)"; exec "$@"'


class ReferenceStored(ReferenceDesktop):
    """Signs in by plain HTTP, in the browser's place. What goes wrong in the client is told, not raised."""

    if this_os() != "windows":
        _before = ("sh", "-c", _UNLIMITED, "sh")  # so that a crash leaves a dump, unless the client forbids it

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        """Raises NotHere where this machine has no such store."""
        super().__init__(target, stage, recorder, OWN)
        if self._surroundings.keyring is None:
            raise TargetError("the situation brought no keyring")
        self._keyring = self._surroundings.keyring
        self._minted = MintedTokens(target.redactor, SECRETS)
        self._vault = Vault(self._app, self._keyring.address, tuple(target.stages))
        self._account, self._began = "default", time.time()
        self._user_agent, self._presser = self._new_agent(), self._new_agent()
        self._search: PageSearch | None = None
        self._handed = ""
        self._pages = list[str]()  # that the user was shown, beside those of the window's own browser

    def start_as(self, case: str, account: str) -> StoreState:
        self._account = account
        self._about = {**self._about, "account": account}
        self._variables["AUTH_ACCOUNT"] = account
        self._user_agent, self._presser = self._new_agent(), self._new_agent()
        return self.start(case)

    def sign_in(self, case: str, user: str) -> StoreState:
        if self._child is None:
            return self._dead(case)
        try:
            with self._listening(case):
                answer = self._walk(case, self._begin(case), user)
                if answer.location.startswith(LOOPBACK):
                    self._visit(case, answer.location)
            self._tell_handover(case)
        except (TargetError, ChildGone) as error:
            return self._after(case, f"the sign-in did not end: {error}")
        return self._after(case)

    def fail_sign_in(self, case: str) -> StoreState:
        if self._child is None:
            return self._dead(case)
        try:
            answer = self._walk(case, self._begin(case), "existing")
            refused = answer.location.replace("iss=", "iss=https%3A%2F%2Fanother.example&was=")
            self._visit(case, refused)
            self._visit(case, f"{refused}&{refused.partition('?')[2]}")  # each parameter twice
        except (TargetError, ChildGone) as error:
            return self._after(case, f"the sign-in was not begun: {error}")
        return self._after(case)

    def sign_out(self, case: str) -> HttpExchange:
        """The window is asked by plain HTTP; the page is that to which it leads."""
        try:
            origin = self._enter()
            with self._listening(case):
                answer = self._user_agent.post(case, f"{origin}/logout", {}, headers={"Origin": origin}, record=False)
        except (TargetError, ChildGone) as error:
            return self._recorder.record(
                HttpExchange(case=case, about=self._about, method="POST", url="", status=None, error=str(error))
            )
        self._pages.append(answer.text)
        return self._visit(case, answer.location or origin, "window").observation

    def kill(self) -> None:
        if self._child is not None:
            self._child.end_by(getattr(signal, "SIGKILL", signal.SIGTERM))
        self._forget("it was killed")

    def crash(self, case: str) -> CrashRecord:
        if self._child is None:
            record = CrashRecord(case=case, about=self._about, signal="", ended_by=self._gone)
        else:
            record = crash(case, self._about, self._child, self._surroundings.folder)
        self._forget("it crashed")
        return self._recorder.record(record)

    def native(self, case: str) -> NativeListing:
        return self._vault.listing(self._recorder, case, self._about)

    def restart_system(self) -> None:
        self.stop()
        self._keyring.restart()

    def end_system(self) -> None:
        self.stop()
        self._keyring.stop()

    def begin_system(self) -> None:
        self._keyring.restart()

    def leave_profile(self, account: str, refresh_token: str, overwritten: str) -> None:
        folder = Path(self._surroundings.environment["XDG_CONFIG_HOME"]) / self._app
        key = f"auth.{self._stage}.refresh_token"
        name = {f"auth.{self._stage}.profile": "somebody", "theme": "dark"}
        leave_profile(folder, {key: refresh_token, **name}, {key: overwritten})

    def start_and_listen(self, case: str, account: str, within: float) -> StoreState:
        end = time.monotonic() + within
        with self._listening(case):
            self.start_as(f"{case}: start", account)
            while time.monotonic() < end and self._child is not None and not _renewed(self._child):
                time.sleep(0.05)
        return self._after(case)

    def look_again(self, case: str) -> StoreState:
        reply = self._ask(do="recover")
        return self._after(case, "" if reply.get("ok") else f"it did not look: {reply.get('error')}")

    def lock(self, prompt: str) -> None:
        self._keyring.lock(prompt)

    def unlock_elsewhere(self) -> None:
        self._keyring.unlock()

    def operate(self, case: str) -> Collection[StoreOperation]:
        return [
            self._operate(case, "get", "refresh_token"),
            self._operate(case, "set", "refresh_token"),
            self._operate(case, "clear", ""),
        ]

    def attempt(self, case: str, who: str) -> AccessAttempt:
        if who == "second user":
            found = attempt_as_user(case, self._about, self._surroundings.folder, self._minted.secrets())
        else:
            found = attempt_on_machine(case, self._about, self._keyring, self._minted.secrets(), self._target.folder)
        return self._recorder.record(found)

    def policy(self, case: str) -> PersistencePolicy:
        told = self._ask(do="policy")
        lifetime = told.get("lifetime")
        policy = PersistencePolicy(
            case=case,
            about=self._about,
            source="the client's settings (reference_impl.desktop.policy)",
            persists=told.get("persists"),
            items=tuple(str(item) for item in told.get("items", ())),
            lifetime=float(lifetime) if lifetime else None,
            deviation=str(told.get("deviation", "")),
            reason=str(told.get("reason", "")),
        )
        return self._recorder.record(policy)

    @contextmanager
    def watched(self, case: str, during: str) -> Iterator[None]:
        watcher = Watcher(self._child.pid if self._child else 0)
        try:
            yield
        finally:
            watcher.stop()
            tell_watched(self._recorder, case, self._about, watcher, during, self._minted.secrets())

    def scan_places(self, case: str) -> SecretScan:
        secrets = self._minted.secrets()
        scanner = SecretScanner([*secrets, *map(backwards, secrets)])
        scan = observe_scan(case, self._surroundings.searched(), scanner, about=self._about)
        return self._recorder.record(scan_with_open_places(scan, scanner, self._began))

    def scan_window(self, case: str) -> SecretScan:
        """In Chromium, on the page of whoever is signed in; the browser's whole cookie jar too."""
        self._open_page("home")
        assert self._search is not None
        cookies = json.dumps([dict(cookie) for cookie in self._shown().context.cookies()]).encode()
        scanner = SecretScanner(self._minted.secrets(KINDS))
        jar = observe_scan(f"{case}: cookies", {"cookie jar": cookies}, scanner, about=self._about)
        self._recorder.record(jar)
        return self._search.storages(case, self._minted.secrets(KINDS))

    def press_unlock(self, case: str) -> StoreState:
        """By plain HTTP; meanwhile another page of the window is asked for, again and again."""
        try:
            origin = self._enter()
            headers = {"Origin": origin}
            before, during, seconds = measured(
                lambda: self._user_agent.get("look", f"{origin}/settings", record=False),
                lambda: self._presser.post(case, f"{origin}/unlock", {}, headers=headers, record=False),
            )
        except ChildGone as gone:
            return self._after(case, str(gone))
        told = Responsiveness(case=case, about=self._about, before=tuple(before), during=tuple(during), seconds=seconds)
        self._recorder.record(told)
        return self._after(case)

    def _agent(self) -> Agent:
        agent = super()._agent()
        self._search = PageSearch(agent, self._about)
        return agent

    def _told(self) -> dict[str, str]:
        return {**self._about, "handed to the browser": str(len(self._child.opened) if self._child else 0)}

    def _new_agent(self) -> HttpProbe:
        return HttpProbe(
            self._target.new_client(), self._recorder, {*self._target.addresses[self._stage].hosts, "127.0.0.1"}
        )

    def _forget(self, why: str) -> None:
        """Let go of a client that has ended."""
        self.stop()
        self._gone = why

    def _ask(self, **command: str) -> Line:
        """Its reply; where none came, what is wrong as `error`."""
        try:
            return self._child.ask(**command) if self._child else {"error": f"the client is not running: {self._gone}"}
        except ChildGone as gone:
            return {"error": str(gone)}

    def _operate(self, case: str, operation: Literal["get", "set", "clear"], item: str) -> StoreOperation:
        address = {"stage": self._stage, "account": self._account, **({"item": item} if item else {})}
        value = {"value": base64.b64encode(WITNESS).decode()} if operation == "set" else {}
        began = time.monotonic()
        reply = self._ask(do="store", op=operation, **address, **value)
        seconds = round(time.monotonic() - began, 3)
        error = str(reply.get("error", ""))
        done: Outcome = "value" if operation == "get" else "done"
        tried = StoreOperation(
            case=case,
            about=self._about,
            operation=operation,
            stage=self._stage,
            account=self._account,
            item=item,
            outcome=done if reply.get("ok") else OUTCOMES.get(error, "error"),
            value="a witness" if value else "",
            sha256=hashlib.sha256(WITNESS).hexdigest() if value else "",
            error=error,
            seconds=seconds,
        )
        return self._recorder.record(tried)

    def _enter(self) -> str:
        """The origin of the window, entered by this client's user agent. Raises ChildGone."""
        if self._child is None:
            raise ChildGone(self._gone)
        link = str(self._child.ask(do="window")["window"])
        origin = "/".join(link.split("/")[:3])
        self._user_agent.get("window", link, record=False)
        other = str(self._child.ask(do="window")["window"])
        self._presser.get("window", other, record=False)
        return origin

    def _begin(self, case: str) -> str:
        """Press the button in the window; the URL that the browser is handed. Raises TargetError, ChildGone."""
        origin = self._enter()
        assert self._child is not None
        self._user_agent.post(case, f"{origin}/start", {}, headers={"Origin": origin}, record=False)
        self._handed = self._child.wait_for_url()
        return self._handed

    def _visit(self, case: str, url: str, role: str = "callback") -> Answer:
        answer = self._user_agent.get(case, url, role=role)
        self._pages.append(answer.text)
        return answer

    def _walk(self, case: str, url: str, user: str) -> Answer:
        """Go through the issuer's pages up to the answer that leads back to the client."""
        who = self._target.addresses[self._stage].users[user]
        journey = Journey(case, url, Login(), who, False, lambda location: location.startswith(LOOPBACK), {})
        return walk_forms(self._user_agent, journey)[0]

    def _tell_handover(self, case: str) -> None:
        """Only now that the code was redeemed, for before nobody knows the verifier."""
        names = tuple(name for name, _ in parse_qsl(urlsplit(self._handed).query, keep_blank_values=True))
        hits = SecretScanner(self._minted.secrets()).scan_bytes("URL", self._handed.encode())
        found = tuple(dict.fromkeys(hit.mark for hit in hits))
        handover = BrowserHandover(case=case, about=self._about, url=self._handed, parameters=names, secrets=found)
        self._recorder.record(handover)


def _renewed(child: DesktopChild) -> bool:
    """Whether it says that it has kept what a refresh gave, or that none succeeded."""
    return any(line.get("record") in ("refreshed", "refresh-failed") for line in child.logs())
