"""The reference's desktop client: its process in a situation of its store; its window and the system's browser in
Chromium."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from typing import Any

from playwright.sync_api import Page

from harness.errors import TargetError
from harness.observations import LogCapture, PageView, SecretScan, SelfTestRun, StoreState
from harness.observe import Recorder
from harness.ports import Copies
from harness.probes.agent import Agent
from harness.probes.cookies import Measure
from harness.scan import SecretScanner, observe_scan
from harness.targets.reference_child import ChildGone, DesktopChild, Line, desktop_command
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_situations import prepare
from harness.targets.reference_tokens import MintedTokens

__all__ = ["ReferenceDesktop"]

PAGES = {"login": "/login", "home": "/", "settings": "/settings"}


class ReferenceDesktop:
    """One user with one desktop client. What goes wrong in the client is told in the state, not raised."""

    _before: tuple[str, ...] = ()  # the command that starts the client, if it is not started directly

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder, situation: str) -> None:
        """Raises NotHere where this machine cannot have the situation."""
        self._target, self._stage, self._recorder = target, stage, recorder
        self._about = {"stage": stage, "situation": situation}
        self._app = f"authassay-{secrets.token_hex(4)}"
        self._ends = ExitStack()
        self._surroundings = self._ends.enter_context(prepare(situation, target.machine, target.folder))
        self._minted = MintedTokens(target.redactor)
        self._child: DesktopChild | None = None
        self._variables: dict[str, str] = {}  # of the client's environment, beside those that all have
        self._window: Agent | None = None
        self._gone = "it was not started"

    def start(self, case: str) -> StoreState:
        self.stop()
        arguments, environment = self._command()
        try:
            self._child = DesktopChild(arguments, environment, str(self._surroundings.folder))
        except ChildGone as gone:
            self._gone = str(gone)
            return self._state(case, {}, f"the client does not start: {gone}")
        return self._state(case, self._child.ready)

    def log_in(self, case: str) -> StoreState:
        """Press the button in the window, log in at the issuer in the system's browser, come back to the window."""
        if self._child is None:
            return self._dead(case)
        user = self._target.addresses[self._stage].users["existing"]
        browser = self._agent()
        try:
            self._open_page("login")
            self._shown().press("#sign-in")
            with self._listening(case):
                browser.open(self._child.wait_for_url())
                browser.fill_login(user)
            self._open_page("home")
        except (TargetError, ChildGone) as error:
            return self._after(case, f"the login did not end: {error}")
        finally:
            browser.close()
        return self._after(case)

    def call_api(self, case: str) -> StoreState:
        if self._child is None:
            return self._dead(case)
        try:
            with self._listening(case):
                reply = self._child.ask(do="call", path="/me")
        except ChildGone as gone:
            return self._after(case, str(gone))
        if reply.get("status") == 200:
            return self._after(case)
        return self._after(case, f"the API call failed: {reply.get('error') or reply.get('status')}")

    def refresh(self, case: str) -> StoreState:
        if self._child is None:
            return self._dead(case)
        try:
            with self._listening(case):
                reply = self._child.ask(do="refresh")
        except ChildGone as gone:
            return self._after(case, str(gone))
        return self._after(case, "" if reply.get("ok") else f"the refresh failed: {reply.get('error')}")

    def copies(self, case: str) -> Copies:
        return self._target.taps[self._stage].copies(self._recorder, case, "desktop")

    def log_out(self, case: str) -> StoreState:
        if self._child is None:
            return self._dead(case)
        try:
            self._open_page("home")
            self._shown().press("#sign-out")
        except (TargetError, ChildGone) as error:
            return self._after(case, f"the logout did not end: {error}")
        return self._after(case)

    def look(self, case: str, page: str) -> PageView:
        if page not in PAGES:
            raise TargetError(f"the window has no page {page!r}; it has {', '.join(PAGES)}")
        try:
            self._open_page(page)
        except (TargetError, ChildGone) as error:
            about = {**self._about, "page": page, "error": str(error)}
            return self._recorder.record(PageView(case=case, about=about, url="", title="", text=""))
        return self._shown().view(case, _signed_in, page=page)

    def self_test(self, case: str) -> SelfTestRun:
        """The last trial that the client made of a back end, by what it tells of it now."""
        told = self._child.ask(do="status") if self._child else {}
        storage = told.get("storage") or {}
        tests, rejected = storage.get("self_tests") or [], storage.get("rejected") or []
        last = tests[-1] if tests else {}
        named = last or (rejected[0] if rejected else storage)
        run = SelfTestRun(
            case=case,
            about=self._about,
            back_end=str(named.get("back_end", "")),
            steps={str(step["name"]): bool(step["ok"]) for step in last.get("steps", [])},
            accepted=storage.get("mode") == "secure",
            before_login=told.get("signed_in") is False,
        )
        return self._recorder.record(run)

    def logs(self, case: str) -> LogCapture:
        """What the running process logged since its start; where none runs, `about` tells why."""
        about = self._about if self._child else {**self._about, "error": self._gone}
        records = self._child.logs() if self._child else ()
        return self._recorder.record(LogCapture(case=case, about=about, records=records))

    def scan(self, case: str) -> SecretScan:
        """Search every folder of the client's for the tokens that were handed out since this object was made."""
        scanner = SecretScanner(self._minted.secrets())
        return self._recorder.record(observe_scan(case, self._surroundings.searched(), scanner, about=self._about))

    def stop(self) -> None:
        window, self._window = self._window, None
        child, self._child = self._child, None
        if window is not None:
            window.close()
        if child is not None:
            child.stop()
            self._gone = "it was stopped"

    def close(self) -> None:
        self.stop()
        self._ends.close()

    def _command(self) -> tuple[list[str], dict[str, str]]:
        """Arguments and environment that the client is started with."""
        arguments, environment = desktop_command(self._target, self._stage, self._app, self._surroundings)
        return [*self._before, *arguments], {**environment, **self._variables}

    def _open_page(self, page: str) -> None:
        """Show a page in the window. Raises TargetError, ChildGone."""
        if self._child is None:
            raise ChildGone(self._gone)
        window = self._shown()
        if window.page.url == "about:blank":
            window.open(str(self._child.ask(do="window")["window"]))
        origin = "/".join(window.page.url.split("/")[:3])
        window.open(origin + PAGES[page])

    def _shown(self) -> Agent:
        self._window = self._window or self._agent()
        return self._window

    def _agent(self) -> Agent:
        measure = Measure(lambda value: self._recorder.redactor.text(value), {}, self._minted.stand_in)
        return Agent(
            self._target.browser("chromium").new_context(), self._recorder, measure, self._about, listens=False
        )

    def _listening(self, case: str) -> Any:
        return self._target.taps[self._stage].listening(self._recorder, case, "desktop")

    def _after(self, case: str, error: str = "") -> StoreState:
        """The state as the client tells it now."""
        try:
            told = self._child.ask(do="status") if self._child else {}
        except ChildGone as gone:
            told, error = {}, error or str(gone)
        return self._state(case, told, error)

    def _dead(self, case: str) -> StoreState:
        return self._state(case, {}, f"the client is not running: {self._gone}")

    def _state(self, case: str, told: Line, error: str = "") -> StoreState:
        storage = told.get("storage") or {}
        warning = storage.get("warning") or {}
        state = StoreState(
            case=case,
            about=self._told(),
            mode=str(storage.get("mode", "")),
            back_end=str(storage.get("back_end", "")),
            warning=" ".join(str(warning[part]) for part in ("consequence", "fix") if part in warning),
            signed_in=told.get("signed_in"),
            error=error,
        )
        return self._recorder.record(state)

    def _told(self) -> dict[str, str]:
        """What tells a state apart, and what it says besides."""
        return self._about


def _signed_in(page: Page) -> bool:
    return page.locator("#sign-out").count() > 0
