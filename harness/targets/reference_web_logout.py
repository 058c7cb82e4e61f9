"""The reference's web client in a browser with several tabs, in which its user signs out."""

from __future__ import annotations

import errno
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.observations import CookieJar, SecretScan
from harness.observations.web_logout import RevocationState, TabRequests, TabView
from harness.observe import Recorder
from harness.probes.page_scan import PageSearch
from harness.probes.witness import Witness
from harness.secret_forms import Secret
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_requests import RequestTap
from harness.targets.reference_tabs import Tab
from harness.targets.reference_user_browser import SETTLED, UserBrowser
from reference_impl.web.cookies import CookiePolicy

__all__ = ["ReferenceWebLogout"]

LINKS = {"home": ("/", "a.brand"), "settings": ("/settings", 'nav a[href="/settings"]')}
WINDOW = "window"
ELSEWHERE = "elsewhere.test"  # a name that exists nowhere (RFC 6761 §6.2)
PERSISTED = 1500.0  # milliseconds, after which Replicache has written what it keeps
ASKS = 8.0  # seconds in which a page asks, if it does


class ReferenceWebLogout(UserBrowser):
    """One user agent that keeps pages that were left, too; `_began` is when the button was pressed."""

    def __init__(self, target: ReferenceHost, stage: str, browser: str, recorder: Recorder) -> None:
        """Raises NotHere where there is no such browser, or no bundle of Replicache."""
        super().__init__(target, stage, browser, recorder)
        self._issuer, self._revoked = RequestTap(self._app.issuer.app), 0
        self._ends.callback(self._issuer.close)
        context = self._browser.new_profile(self._profile, keeps_pages=True)
        self._ends.callback(context.close)
        self._begin(context)
        self._search = PageSearch(self._agent, self._about)

    def open(self, case: str, tab: str, page: str) -> TabView:
        path, link = LINKS[page]
        if tab in self._tabs:
            with self._tabs[tab].page.expect_navigation(wait_until="load"):
                self._tabs[tab].page.click(link)
        else:
            self._open(tab, path)
        if page == "home" and not self._tabs[tab].look()["signedOut"]:
            self._await_notes(tab)
        return self.look(case, tab, 0.0)

    def keeps_pages(self, case: str) -> TabView:
        with Witness(self._target.folder / "loopback-cert.pem") as witness:
            tab = Tab(self._context, self._context.new_page(), case, ELSEWHERE)
            for name in (ELSEWHERE, f"another.{ELSEWHERE}"):
                tab.page.goto(witness.url("https", name), wait_until="load")
            self._go(tab, -1)
            view = self._view(case, tab, time.monotonic())
            tab.page.close()
        return view

    def sleep(self, tab: str) -> None:
        """Nothing of the tab is under way by then: a browser lets no tab sleep that holds others up."""
        self._tabs[tab].wait(PERSISTED)
        self._tabs[tab].sleep()

    def wake(self, tab: str) -> None:
        self._tabs[tab].wake()

    def offline(self, tab: str, is_offline: bool) -> None:
        self._tabs[tab].offline(is_offline)

    def close_tab(self, tab: str) -> None:
        self._tabs.pop(tab).page.close()

    def cookie(self) -> str:
        header = "; ".join(f"{one['name']}={one['value']}" for one in self._context.cookies(self._address.web))
        self._recorder.redactor.register_from_request(self._address.web, {"Cookie": header}, "")
        return header

    def sign_out(self) -> None:
        page, end = self._tabs[""].page, time.monotonic() + ASKS
        self._press("#sign-out")
        while time.monotonic() < end and not self._tabs[""].look()["signedOut"]:
            if page.locator("#unsaved[open]").count():
                self._press('#unsaved button[value="lose"]')
                return
            page.wait_for_timeout(SETTLED)

    def _press(self, button: str) -> None:
        self._began, self._revoked = time.time(), len(self._confirmed())
        self._tabs[""].page.click(button, no_wait_after=True)

    def travel(self, case: str, steps: int) -> TabView:
        began = time.monotonic()
        self._go(self._tabs[""], steps)
        return self._view(case, self._tabs[""], began)

    def storages(self, case: str) -> SecretScan:
        self._settle(self._tabs[""])
        return self._search.storages(case, self._canaries())

    def jar(self, case: str) -> CookieJar:
        return self._agent.jar(case, self._address.web)

    def requests(self, case: str) -> TabRequests:
        name = f"{CookiePolicy.session_name}="
        found = [one for tab in self._tabs.values() for one in tab.requests(self._began, lambda sent: name in sent)]
        requests = tuple(sorted(found, key=lambda one: one.at))
        return self._recorder.record(TabRequests(case=case, about=self._about, requests=requests))

    @contextmanager
    def unreachable(self, case: str, who: str) -> Iterator[None]:
        if who == "revocation endpoint":
            with self._target.outages[self._stage].lasting(self._recorder, case):
                yield
            return
        app = self._app.apps[self._host]
        real, app.wsgi_app = app.wsgi_app, _reset  # type: ignore[method-assign]  # as Flask's docs tell
        try:
            yield
        finally:
            app.wsgi_app = real  # type: ignore[method-assign]

    def revocation(self, case: str, seconds: float) -> RevocationState:
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self._confirmed()) == self._revoked:
            self._tabs[""].wait()
        confirmed, at = len(self._confirmed()) > self._revoked, round(time.time() - self._began, 3)
        return self._recorder.record(RevocationState(case=case, about=self._about, confirmed=confirmed, at=at))

    def _open(self, tab: str, path: str) -> None:
        if tab == WINDOW:
            script = f"() => {{ open('about:blank', '{secrets.token_hex(4)}', 'popup'); }}"
            with self._tabs[""].page.expect_popup() as opened:
                self._tabs[""].page.evaluate(script)
            page = opened.value
        else:
            page = self._context.new_page()
        self._tabs[tab] = Tab(self._context, page, tab, self._host)
        page.goto(f"{self._address.web}{path}", wait_until="load")

    def _go(self, tab: Tab, steps: int) -> None:
        """A page that is not kept is asked for anew: what is shown at last counts."""
        tab.page.evaluate("steps => { setTimeout(() => history.go(steps), 0); }", steps)
        self._settle(tab)

    def _canaries(self) -> list[Secret]:
        return [
            Secret(value.encode(), f"user_{kind}", f"{{{{user_{kind}:{'0' * 16}:{len(value)}}}}}", whole=True)
            for kind, values in self._own.items()
            for value in sorted(values)
        ]

    def _confirmed(self) -> list[object]:
        return [one for one in self._issuer.received if (one.path, one.status) == ("/revoke", 200)]


def _reset(environ: Any, start_response: Any) -> Any:
    """To the server this is a client that has gone: it closes the connection, and says nothing."""
    raise ConnectionResetError(errno.ECONNRESET, "the network failed")
