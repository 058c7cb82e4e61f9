"""The reference's web client in a browser with several tabs, in which its user signs out."""

from __future__ import annotations

import errno
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Error as BrowserError

from harness.errors import NotHere, TargetError
from harness.machine.replicache import find_bundle
from harness.observations import CookieJar, SecretScan
from harness.observations.web_logout import RevocationState, TabRequests, TabView, UserNotes
from harness.observe import Recorder
from harness.probes.agent import Agent
from harness.probes.cookies import Measure
from harness.probes.page_scan import PageSearch
from harness.probes.witness import Witness
from harness.secret_forms import Secret
from harness.targets.reference_host import SYNCERS, ReferenceHost
from harness.targets.reference_requests import RequestTap
from harness.targets.reference_sync_page import OPEN, PATIENCE, WRITE
from harness.targets.reference_tabs import PICTURE, Tab
from reference_impl.web.cookies import CookiePolicy

__all__ = ["ReferenceWebLogout"]

LINKS = {"home": ("/", "a.brand"), "settings": ("/settings", 'nav a[href="/settings"]')}
WINDOW = "window"
ELSEWHERE = "elsewhere.test"  # a name that exists nowhere (RFC 6761 §6.2)
SETTLED = 300.0  # milliseconds without a change, after which a tab has come to rest
REST = 20  # looks at most, until it has
ASKS = 5.0  # seconds in which a page asks, if it does
UNSAVED = '() => Number(document.querySelector("#notes")?.dataset.unsaved ?? -1)'


class ReferenceWebLogout:
    """One user agent with a profile on disk."""

    def __init__(self, target: ReferenceHost, stage: str, browser: str, recorder: Recorder) -> None:
        """Raises NotHere where there is no such browser, or no bundle of Replicache."""
        if browser != "chromium":
            raise NotHere(f"no automation of {browser} yet", "run this cell with browser=chromium")
        find_bundle()
        self._target, self._stage, self._recorder = target, stage, recorder
        self._address, self._about = target.addresses[stage], {"stage": stage}
        self._host = str(urlsplit(self._address.web).hostname)
        self._app = target.reference.stages[stage].app
        self._ends = ExitStack()
        self._issuer = RequestTap(self._app.issuer.app)
        self._ends.callback(self._issuer.close)
        profile = Path(mkdtemp(prefix="profile-", dir=target.folder))
        self._context = target.chromium.new_profile(profile, keeps_pages=True)
        self._ends.callback(self._context.close)
        self._context.add_init_script(script=PICTURE)
        measure = Measure(self._mark, {}, lambda text: False)
        self._agent = Agent(self._context, recorder, measure, self._about, listens=False)
        self._search = PageSearch(self._agent, self._about)
        self._tabs = {"": Tab(self._context, self._agent.page, "", self._host)}
        self._own: dict[str, set[str]] = {"name": set(), "note": set(), "subject": set()}  # what is the user's
        self._pressed, self._revoked = time.time(), 0

    def log_in(self, case: str, user: str) -> TabView:
        name = SYNCERS[("first", "second").index(user)]
        self._settle(self._tabs[""])  # it may be on its way to the login page
        self._agent.open(f"{self._address.web}/login")
        self._agent.press("#sign-in")
        self._agent.fill_login(self._address.users[name])
        self._await_notes("")
        if user == "first":
            me = self._agent.page.evaluate("() => fetch('/api/me').then(answer => answer.json())")
            self._own["name"].add(name)
            self._own["subject"].add(str(me["sub"]))
        return self.look(case, "", 0.0)

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

    def write(self, tab: str, text: str, seconds: float = 0.0) -> None:
        self._own["note"].add(text)
        page = self._tabs[tab].page
        if not page.evaluate(WRITE, [text]):
            raise TargetError(f"{self._stage}: a note could not be written")
        end = time.monotonic() + seconds
        while time.monotonic() < end and page.evaluate(UNSAVED) != 0:
            page.wait_for_timeout(SETTLED)

    def sleep(self, tab: str) -> None:
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
        self._pressed, self._revoked = time.time(), len(self._confirmed())
        self._tabs[""].page.click(button, no_wait_after=True)

    def look(self, case: str, tab: str, seconds: float) -> TabView:
        began, shown = time.monotonic(), self._tabs[tab]
        while time.monotonic() < began + seconds and not shown.look()["signedOut"]:
            shown.wait()
        return self._view(case, shown, began)

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
        found = [one for tab in self._tabs.values() for one in tab.requests(self._pressed, lambda sent: name in sent)]
        requests = tuple(sorted(found, key=lambda one: one.at))
        return self._recorder.record(TabRequests(case=case, about=self._about, requests=requests))

    def notes(self, case: str, user: str) -> UserNotes:
        of_user = (f"upstream|{SYNCERS[('first', 'second').index(user)]}",)
        with sqlite3.connect(self._app.database.path) as connection:
            sql = "SELECT text FROM notes JOIN accounts USING (subject) WHERE provider_subject = ? ORDER BY notes.rowid"
            texts = tuple(text for (text,) in connection.execute(sql, of_user))
        connection.close()
        return self._recorder.record(UserNotes(case=case, about={**self._about, "user": user}, texts=texts))

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
        confirmed, at = len(self._confirmed()) > self._revoked, round(time.time() - self._pressed, 3)
        return self._recorder.record(RevocationState(case=case, about=self._about, confirmed=confirmed, at=at))

    def close(self) -> None:
        """End the user agent, and the looking on."""
        self._ends.close()

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

    def _await_notes(self, tab: str) -> None:
        with suppress(BrowserError):
            self._tabs[tab].page.wait_for_selector(OPEN, timeout=PATIENCE * 1000)
            return
        raise TargetError(f"{self._stage}: the notes did not open: {self._tabs[tab].look()['text'][:200]}")

    def _go(self, tab: Tab, steps: int) -> None:
        """A page that is not kept is asked for anew: what is shown at last counts."""
        tab.page.evaluate("steps => { setTimeout(() => history.go(steps), 0); }", steps)
        self._settle(tab)

    def _settle(self, tab: Tab) -> None:
        before: Any = None
        for _ in range(REST):
            tab.wait(SETTLED)
            if (seen := tab.look()) == before:
                return
            before = seen

    def _view(self, case: str, tab: Tab, began: float) -> TabView:
        seen, pictures = tab.look(), tab.pictures()
        held = "\n".join([str(seen["held"]), *pictures])
        shows = tuple(kind for kind in ("name", "note") if any(one in held for one in self._own[kind]))
        return self._recorder.record(
            TabView(
                case=case,
                about={**self._about, "tab": tab.name},
                path=seen["path"],
                signed_out=seen["signedOut"],
                shows=shows,
                restored=bool(pictures),
                seconds=round(time.monotonic() - began, 3),
                at=round(time.time() - self._pressed, 3),
                text=str(seen["text"])[:500],
            )
        )

    def _mark(self, value: str) -> str:
        redactor = self._recorder.redactor
        return redactor.register(value, "session_cookie") if len(value) >= 8 else redactor.text(value)

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
