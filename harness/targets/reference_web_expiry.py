"""The reference's web client in a browser whose clock can be set, and that can be started again."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Error as BrowserError

from harness.errors import TargetError
from harness.observations.web_expiry import DatabaseEnd, DataExpiry, KeptData
from harness.observations.web_logout import TabView
from harness.observe import Recorder
from harness.probes.database_names import NAMES
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_user_browser import UserBrowser
from reference_impl.web.app import SESSIONS

__all__ = ["ReferenceWebExpiry"]

PERSISTED = 1500.0  # milliseconds, after which Replicache has written what it keeps
TEN_YEARS = 10 * 365 * 86_400_000
EXPIRIES = """async () => {
  const noted = JSON.parse(localStorage.getItem("authassay-expiries") ?? "{}");
  const databases = (await NAMES).map(name => [name, noted[name] ?? null]);
  const {expires_in: left} = await fetch("/session").then(answer => answer.json());
  return {databases, endsAt: Date.now() + left * 1000};
}""".replace("NAMES", NAMES)
TAMPER = """years => {
  const noted = JSON.parse(localStorage.getItem("authassay-expiries") ?? "{}");
  for (const name of Object.keys(noted)) noted[name] += years;
  localStorage.setItem("authassay-expiries", JSON.stringify(noted));
}"""
KEPT = """async seconds => {
  for (const began = performance.now();;) {
    const left = await NAMES, waited = (performance.now() - began) / 1000;
    if (left.length === 0 || waited >= seconds) return {left, waited};
    await new Promise(go => setTimeout(go, 50));
  }
}""".replace("NAMES", NAMES)


class ReferenceWebExpiry(UserBrowser):
    """One user agent; `_ahead` is how far its clock is ahead of the real one, in seconds."""

    def __init__(self, target: ReferenceHost, stage: str, browser: str, recorder: Recorder) -> None:
        """Raises NotHere where there is no such browser, or no bundle of Replicache."""
        super().__init__(target, stage, browser, recorder)
        self._ahead, self._is_running = 0.0, False
        self._ends.callback(self.end_browser)
        self._start()

    @property
    def absolute(self) -> float:
        return float(self._app.apps[self._host].extensions[SESSIONS].absolute)

    def expiries(self, case: str) -> DataExpiry:
        told = self._evaluate(EXPIRIES)
        ends = tuple(
            DatabaseEnd(name, None if at is None else round(at / 1000, 3)) for name, at in sorted(told["databases"])
        )
        at = round(told["endsAt"] / 1000, 3)
        return self._recorder.record(DataExpiry(case=case, about=self._about, databases=ends, session_ends_at=at))

    def end_browser(self) -> None:
        if self._is_running:
            self._tabs[""].wait(PERSISTED)
            self._is_running = False
            self._context.close()

    def pass_time(self, seconds: float, in_browser: float | None = None) -> None:
        self._target.shifted.advance(seconds)
        passed = seconds if in_browser is None else in_browser
        self._ahead += passed
        if not self._is_running:
            return
        if passed > 0:
            self._context.clock.fast_forward(int(passed * 1000))
        else:
            self._context.clock.set_system_time(datetime.fromtimestamp(time.time() + self._ahead, UTC))
        self._drop_cookies()

    def start_browser(self, case: str, is_offline: bool) -> TabView:
        self._start()
        self._drop_cookies()
        self._context.set_offline(is_offline)
        return self._go_home(case)

    def offline(self, is_offline: bool) -> None:
        self._context.set_offline(is_offline)

    def tamper(self) -> None:
        self._tabs[""].page.evaluate(TAMPER, TEN_YEARS)

    def reload(self, case: str) -> TabView:
        return self._go_home(case)

    def kept(self, case: str, seconds: float) -> KeptData:
        told = self._evaluate(KEPT, seconds)
        left = tuple(sorted(told["left"]))
        about, waited = self._about, round(told["waited"], 3)
        return self._recorder.record(KeptData(case=case, about=about, databases=left, seconds=waited))

    def _start(self) -> None:
        context = self._browser.new_profile(self._profile)
        self._is_running = True
        context.clock.install(time=datetime.fromtimestamp(time.time() + self._ahead, UTC))
        self._begin(context)

    def _drop_cookies(self) -> None:
        """What the browser's own clock, which nobody can set, would do by now."""
        now = time.time() + self._ahead
        for cookie in self._context.cookies():
            if 0 < cookie.get("expires", -1) <= now:
                self._context.clear_cookies(name=cookie["name"], domain=cookie["domain"])

    def _go_home(self, case: str) -> TabView:
        page = self._tabs[""].page
        with suppress(BrowserError):  # without a network no page is shown
            page.goto(f"{self._address.web}/", wait_until="domcontentloaded")
        return self._view(case, self._tabs[""], time.monotonic())

    def _evaluate(self, script: str, argument: Any = None) -> Any:
        try:
            return self._tabs[""].page.evaluate(script, argument)
        except BrowserError as error:
            raise TargetError(f"{self._stage}: the page does not tell: {str(error).splitlines()[0]}") from error
