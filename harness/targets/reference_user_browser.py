"""A user's browser at the reference's web client, with a profile on disk: he signs in, writes, and is looked at."""

from __future__ import annotations

import sqlite3
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext
from playwright.sync_api import Error as BrowserError

from harness.errors import NotHere, TargetError
from harness.machine.replicache import find_bundle
from harness.observations.web_logout import TabView, UserNotes
from harness.observe import Recorder
from harness.probes.agent import Agent
from harness.probes.cookies import Measure
from harness.targets.reference_host import SYNCERS, ReferenceHost
from harness.targets.reference_sync_page import OPEN, PATIENCE, WRITE
from harness.targets.reference_tabs import PICTURE, Tab

__all__ = ["SETTLED", "UserBrowser"]

SETTLED = 300.0  # milliseconds without a change, after which a tab has come to rest
REST = 20  # looks at most, until it has
UNSAVED = '() => Number(document.querySelector("#notes")?.dataset.unsaved ?? -1)'


class UserBrowser:
    """One user agent; `_tabs` are its tabs, the first one being ""."""

    _context: BrowserContext
    _agent: Agent

    def __init__(self, target: ReferenceHost, stage: str, browser: str, recorder: Recorder) -> None:
        """Raises NotHere where there is no such browser, or no bundle of Replicache."""
        if browser != "chromium":
            raise NotHere(f"tabs of {browser} do not tell what they send", "run this cell with browser=chromium")
        find_bundle()
        self._browser = target.browser(browser)
        self._target, self._stage, self._recorder = target, stage, recorder
        self._address, self._about = target.addresses[stage], {"stage": stage}
        self._host = str(urlsplit(self._address.web).hostname)
        self._app = target.reference.stages[stage].app
        self._profile = Path(mkdtemp(prefix="profile-", dir=target.folder))
        self._tabs: dict[str, Tab] = {}
        self._own: dict[str, set[str]] = {"name": set(), "note": set(), "subject": set()}  # what is the user's
        self._began = time.time()
        self._ends = ExitStack()

    def _begin(self, context: BrowserContext) -> None:
        """Go on in this context."""
        self._context = context
        context.add_init_script(script=PICTURE)
        measure = Measure(self._mark, {}, lambda text: False)
        self._agent = Agent(context, self._recorder, measure, self._about, listens=False)
        self._tabs = {"": Tab(context, self._agent.page, "", self._host)}

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

    def write(self, tab: str, text: str, seconds: float = 0.0) -> None:
        self._own["note"].add(text)
        page = self._tabs[tab].page
        if not page.evaluate(WRITE, [text]):
            raise TargetError(f"{self._stage}: a note could not be written")
        end = time.monotonic() + seconds
        while time.monotonic() < end and page.evaluate(UNSAVED) != 0:
            page.wait_for_timeout(SETTLED)

    def look(self, case: str, tab: str, seconds: float) -> TabView:
        began, shown = time.monotonic(), self._tabs[tab]
        while time.monotonic() < began + seconds and not shown.look()["signedOut"]:
            shown.wait()
        return self._view(case, shown, began)

    def notes(self, case: str, user: str) -> UserNotes:
        of_user = (f"upstream|{SYNCERS[('first', 'second').index(user)]}",)
        with sqlite3.connect(self._app.database.path) as connection:
            sql = "SELECT text FROM notes JOIN accounts USING (subject) WHERE provider_subject = ? ORDER BY notes.rowid"
            texts = tuple(text for (text,) in connection.execute(sql, of_user))
        connection.close()
        return self._recorder.record(UserNotes(case=case, about={**self._about, "user": user}, texts=texts))

    def close(self) -> None:
        """End the user agent, and the looking on."""
        self._ends.close()

    def _await_notes(self, tab: str) -> None:
        with suppress(BrowserError):
            self._tabs[tab].page.wait_for_selector(OPEN, timeout=PATIENCE * 1000)
            return
        raise TargetError(f"{self._stage}: the notes did not open: {self._tabs[tab].look()['text'][:200]}")

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
                at=round(time.time() - self._began, 3),
                text=str(seen["text"])[:500],
            )
        )

    def _mark(self, value: str) -> str:
        redactor = self._recorder.redactor
        return redactor.register(value, "session_cookie") if len(value) >= 8 else redactor.text(value)
