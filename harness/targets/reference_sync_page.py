"""The reference's page of notes in a real browser, with the network behind it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import BrowserContext, Page, Request, Response, Route
from playwright.sync_api import Error as BrowserError

from harness.errors import TargetError
from harness.machine.replicache import find_bundle
from harness.observations import PageView, SyncState, SyncTraffic, SyncWrites
from harness.observe import Recorder
from harness.probes.agent import Agent
from harness.probes.cookies import Measure
from harness.probes.database_names import NAMES
from harness.targets.reference_host import SYNCERS, ReferenceHost

__all__ = ["ReferenceSyncPage"]

OPEN = '#notes[data-open="yes"]'
THERE = ", ".join((OPEN, "#sign-in", *(f'#notes[data-state="{state}"]' for state in ("starting", "ended", "blocked"))))
POLL = 50  # milliseconds
SYNCING = ("/sync/push", "/sync/pull", "/refresh")
REST = 5.0  # seconds more at most, in which what the page has begun comes to its end
GIVEN_UP = 15.0  # seconds, after which it may await an answer no longer
KEPT = 10.0  # seconds in which the browser has written what it keeps
PATIENCE = 20.0  # seconds that the machine may take for a page
ASKS = 6000.0  # milliseconds in which a page asks, if it does
EXPIRED = 970.0  # seconds: the longest life of an access token and the leeway, and some

WRITE = """async texts => {
  const form = document.querySelector("#new-note"), list = document.querySelector("#note-list"), took = [];
  const turn = () => new Promise(go => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = go;
    port2.postMessage(0);
  });
  if (document.querySelector("#notes")?.dataset.open !== "yes") return took;
  for (const text of texts) {
    const began = performance.now();
    form.elements.text.value = text;
    form.requestSubmit();
    while (![...list.children].some(item => item.textContent === text)) {
      if (performance.now() - began > 3000) return took;
      await turn();
    }
    took.push(performance.now() - began);
  }
  return took;
}"""
LOOK = """async () => ({
  state: document.querySelector("#notes")?.dataset.state ?? "gone",
  unsaved: Number(document.querySelector("#notes")?.dataset.unsaved ?? -1),
  shown: [...document.querySelectorAll("#note-list li")].map(item => item.textContent),
  asks: !!document.querySelector('#sign-in-again, #sign-in'),
  databases: await NAMES,
  text: document.body.innerText,
})""".replace("NAMES", NAMES)
HIDE = """() => {
  for (const [name, value] of [["visibilityState", "hidden"], ["hidden", true]])
    Object.defineProperty(document, name, { get: () => value, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
IS_KEPT = """async text => {
  const done = asked => new Promise((go, stop) => {
    asked.onupgradeneeded = () => asked.transaction.abort();  // it has been deleted meanwhile, and is not to come back
    asked.onsuccess = () => go(asked.result);
    asked.onerror = () => stop(asked.error);
  });
  const names = (await NAMES).filter(name => name.startsWith("rep:"));
  for (const name of names) {
    const database = await done(indexedDB.open(name)).catch(() => null);
    const stores = [...database?.objectStoreNames ?? []].filter(store => store === "chunks");
    const read = stores.map(store => done(database.transaction(store).objectStore(store).getAll()));
    const chunks = (await Promise.all(read)).flat();
    database?.close();
    if (chunks.some(chunk => JSON.stringify(chunk).includes(text))) return true;
  }
  return names.length === 0;
}""".replace("NAMES", NAMES)
HOLD = """async () => {
  for (const name of await NAMES)
    await new Promise(done => {
      const asked = indexedDB.open(name);
      asked.onsuccess = () => { (window.held ??= []).push(asked.result); done(); };
    });
}""".replace("NAMES", NAMES)


class ReferenceSyncPage:
    """One browser at one stage."""

    def __init__(
        self, target: ReferenceHost, stage: str, browser: str, recorder: Recorder, on_disk: bool = False
    ) -> None:
        """Raises NotHere where there is no such browser, or no bundle of Replicache."""
        find_bundle()
        self._browser = target.browser(browser)
        self._target, self._stage, self._recorder = target, stage, recorder
        self._address, self._network = target.addresses[stage], target.networks[stage]
        self._network.clears_site_data = False  # what is deleted is what the page itself deletes
        self._measure = Measure(recorder.redactor.text, {}, lambda text: False)
        self._is_offline = self._hangs = False
        self._written = ""  # the last text that the page has shown
        self._held: list[Route] = []
        self._waits: dict[Request, float] = {}  # refreshes of the page that are not answered, and since when
        self._under_way: list[Request] = []
        self._user, self._before = "", (frozenset[str](), 0)
        self._profile = Path(mkdtemp(prefix="profile-", dir=target.folder)) if on_disk else None
        self._open()

    def _open(self) -> None:
        """Start the browser, or another with the same profile."""
        browser = self._browser
        self._context: BrowserContext = browser.new_profile(self._profile) if self._profile else browser.new_context()
        self._context.clock.install()
        self._agent = Agent(self._context, self._recorder, self._measure, {"stage": self._stage}, listens=False)
        self._tabs = {"": self._agent.page}
        self._context.on("requestfailed", self._give_up)
        self._under_way.clear()
        self._context.on("request", self._begin)
        self._context.on("response", self._answered)  # whose body the page need not read
        self._context.on("requestfailed", self._end)

    def log_in(self, case: str, user: str) -> SyncState:
        """What the user had at the server before his first login here is left out of all that is told later."""
        self._become(user)
        self._await_notes(self._agent.page)
        return self.settle(case, PATIENCE)

    def log_in_blocked(self, case: str, user: str) -> SyncState:
        self._become(user)
        with suppress(BrowserError):
            self._agent.page.wait_for_selector('#notes[data-state="blocked"]', timeout=1000)
        return self.look(case)

    def _become(self, user: str) -> None:
        known, self._user = self._user, SYNCERS[("first", "second").index(user)]
        if known != self._user:
            self._before = (frozenset[str](), 0)
            stored, acknowledged = self._stored()
            self._before = (frozenset(stored), acknowledged)
        self._agent.open(f"{self._address.web}/login")
        self._sign_in()

    def _sign_in(self) -> None:
        self._agent.press("#sign-in")
        self._agent.fill_login(self._address.users[self._user])

    def write(self, case: str, texts: tuple[str, ...], tab: str = "") -> SyncWrites:
        took = self._evaluate(self._tab(tab), WRITE, list(texts))
        about = {"stage": self._stage, "tab": tab}
        rounded = tuple(round(one, 1) for one in took)
        self._written = texts[len(took) - 1] if took else self._written
        return self._recorder.record(SyncWrites(case=case, about=about, texts=texts, milliseconds=rounded))

    def settle(self, case: str, seconds: float, tab: str = "") -> SyncState:
        """Until all is saved, or for as long; what the page has begun by then is waited for, as a busy machine takes
        its time for it."""
        page, began, before = self._tab(tab), time.monotonic(), self._network.travelled
        at_rest = 0  # looks, one after the other
        while True:
            seen = self._evaluate(page, LOOK)
            waited = time.monotonic() - began + self._network.travelled - before
            at_rest = at_rest + 1 if self._is_at_rest() else 0
            late = waited >= seconds and (at_rest > 1 or waited >= seconds + REST)
            saved = seen["unsaved"] == 0 and seen["state"] != "starting"
            if saved or seen["asks"] or late:
                return self._state(case, tab, seen, waited)
            page.wait_for_timeout(POLL)

    def _is_at_rest(self) -> bool:
        """Whether the page awaits no answer but those that are held back, and these no longer than it may."""
        held = [route.request for route in self._held]
        asked = [one for one in self._under_way if urlsplit(one.url).path in SYNCING and one not in held]
        to_come = self._hangs and not held and not self._is_offline
        overdue = any(self._network.now - since > GIVEN_UP for since in self._waits.values())
        return not (asked or to_come or overdue)

    def _begin(self, request: Request) -> None:
        self._under_way.append(request)

    def _answered(self, response: Response) -> None:
        self._end(response.request)

    def _end(self, request: Request) -> None:
        if request in self._under_way:
            self._under_way.remove(request)

    def look(self, case: str, tab: str = "") -> SyncState:
        return self._state(case, tab, self._evaluate(self._tab(tab), LOOK), self._network.now)

    def call(self, tab: str = "") -> None:
        self._evaluate(self._tab(tab), "() => { fetch('/api/me').catch(() => {}); }")

    def expire(self) -> None:
        self._target.shifted.advance(EXPIRED)
        self._evaluate(self._agent.page, "() => fetch('/').then(() => {}, () => {})")  # the user is still there

    def travel(self, seconds: float) -> None:
        self._target.shifted.advance(seconds)
        self._network.travelled += seconds
        self._context.clock.fast_forward(int(seconds * 1000))

    def skew(self, seconds: float) -> None:
        self._context.clock.set_system_time(datetime.fromtimestamp(time.time() + seconds, UTC))

    def hide(self, tab: str) -> None:
        self._evaluate(self._tab(tab), HIDE)

    def offline(self, is_offline: bool) -> None:
        self._is_offline = is_offline
        self._context.set_offline(is_offline)

    def token_endpoint(self, *behaviours: str) -> None:
        self._network.behave(*behaviours)

    def refresh_hangs(self, hangs: bool) -> None:
        self._hangs = hangs
        if hangs:
            self._context.route("**/refresh", self._hold)
        else:
            self._let_go()
            self._context.unroute("**/refresh")

    def _hold(self, route: Route) -> None:
        self._held.append(route)
        self._waits[route.request] = self._network.now

    def _give_up(self, request: Request) -> None:
        """The page waits for it no longer."""
        self._waits.pop(request, None)

    def _let_go(self) -> None:
        """End the requests that hang; what the page has given up is over already."""
        held, self._held[:] = list(self._held), []
        self._waits.clear()
        for route in held:
            try:
                route.abort()
            except BrowserError:
                with suppress(BrowserError):
                    route.fallback()  # Firefox knows it no more, and Playwright would wait for a word on it

    def loses_answers(self, number: int) -> None:
        self._network.lose(number)

    def end_session(self) -> None:
        app = self._target.reference.stages[self._stage].app
        with sqlite3.connect(app.database.path) as connection:
            sql = "SELECT session_id FROM grants ORDER BY rowid DESC LIMIT 1"
            (session,) = connection.execute(sql).fetchone()
        connection.close()
        app.end_session(session)

    def watch(self) -> None:
        self._network.forget()

    def traffic(self, case: str) -> SyncTraffic:
        about = {"stage": self._stage}
        return self._recorder.record(SyncTraffic(case=case, about=about, requests=self._network.seen()))

    def keep(self) -> None:
        page, end = self._agent.page, time.monotonic() + KEPT
        while self._written and time.monotonic() < end and not self._evaluate(page, IS_KEPT, self._written):
            page.wait_for_timeout(POLL)

    def reload(self, tab: str = "") -> None:
        page = self._tab(tab)
        page.reload(wait_until="load")
        self._await_page(page)

    def restart(self) -> None:
        """What the browser had not written yet is lost with it: so what the page has accepted is waited for."""
        if self._profile is None:
            raise TargetError("this browser has no profile on disk, and so nothing to start again with")
        self.keep()
        for process in psutil.process_iter(["cmdline"]):
            if any(str(self._profile) in word for word in process.info["cmdline"] or ()):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        with suppress(BrowserError):
            self._context.close()
        self._open()
        self._agent.open(f"{self._address.web}/")
        if self._agent.page.locator("#sign-in").count():  # its cookie was not written yet
            self._sign_in()
        self._await_page(self._agent.page)

    def close_tab(self, tab: str) -> None:
        self._tabs.pop(tab).close()
        self._under_way.clear()  # of what a closed tab had begun nothing more is told

    def log_out(self, case: str, answer: str = "") -> PageView:
        page = self._agent.page
        if not page.locator("#sign-out").count():  # he is out already
            return self._agent.view(case, lambda shown: False)
        page.click("#sign-out")
        if answer:
            with suppress(BrowserError):
                page.locator("#unsaved[open], #sign-in").first.wait_for(timeout=ASKS)
            if page.locator("#unsaved[open]").count():  # where he is not asked, he is out
                self.look(f"{case}: the question")
                page.click(f'#unsaved button[value="{answer}"]')
        for _ in range(int(PATIENCE)):
            if answer == "stay" or "/login" in page.url:
                break
            page.wait_for_timeout(1000)
            self._context.clock.fast_forward(5000)  # as long as it may wait
        return self._agent.view(case, lambda shown: shown.locator("#sign-out").count() > 0)

    def hold_open(self, tab: str) -> None:
        """A tab of the same origin in which no script of its runs."""
        page = self._tabs[tab] = self._context.new_page()
        page.goto(f"{self._address.web}/assets/style.css", wait_until="load")
        self._evaluate(page, HOLD)

    def close(self) -> None:
        self._network.rest()
        self._let_go()
        self._context.close()

    def _tab(self, name: str) -> Page:
        if name not in self._tabs:
            page = self._tabs[name] = self._context.new_page()
            page.goto(f"{self._address.web}/", wait_until="load")
            self._await_notes(page)
        return self._tabs[name]

    def _await_page(self, page: Page) -> None:
        """Wait for the notes, or for why they are not there."""
        self._await_notes(page, THERE)

    def _await_notes(self, page: Page, there: str = OPEN) -> None:
        with suppress(BrowserError):
            page.wait_for_selector(there, timeout=PATIENCE * 1000, state="attached")
            return
        raise TargetError(f"{self._stage}: the notes did not open: {page.inner_text('main')[:200]}")

    def _evaluate(self, page: Page, script: str, argument: Any = None) -> Any:
        try:
            return page.evaluate(script, argument)
        except BrowserError as error:
            raise TargetError(f"{self._stage}: the page of notes: {str(error).splitlines()[0]}") from error

    def _state(self, case: str, tab: str, seen: dict[str, Any], waited: float) -> SyncState:
        stored, acknowledged = self._stored()
        return self._recorder.record(
            SyncState(
                case=case,
                about={"stage": self._stage, "tab": tab},
                state=seen["state"],
                unsaved=seen["unsaved"],
                shown=tuple(text for text in seen["shown"] if text not in self._before[0]),
                stored=stored,
                acknowledged=acknowledged,
                asks_for_login=seen["asks"],
                databases=tuple(seen["databases"]),
                cookies=tuple(sorted(str(one["name"]) for one in self._context.cookies(self._address.web))),
                seconds=round(waited, 3),
                waits=round(max((self._network.now - at for at in self._waits.values()), default=0.0), 3),
                text=seen["text"][:1000],
            )
        )

    def _stored(self) -> tuple[tuple[str, ...], int]:
        """The texts of the user's notes at the server, in the order in which they came, and his acknowledged
        mutations."""
        subject = "SELECT subject FROM accounts WHERE provider_subject = ?"
        of_user, groups = (f"upstream|{self._user}",), "sync_clients JOIN sync_groups USING (client_group_id)"
        with sqlite3.connect(self._target.reference.stages[self._stage].app.database.path) as connection:
            sql = f"SELECT text FROM notes WHERE subject = ({subject}) ORDER BY rowid"
            notes = connection.execute(sql, of_user).fetchall()
            sql = f"SELECT coalesce(sum(last_mutation_id), 0) FROM {groups} WHERE subject = ({subject})"
            (acknowledged,) = connection.execute(sql, of_user).fetchone()
        connection.close()
        texts, count = self._before
        return tuple(text for (text,) in notes if text not in texts), int(acknowledged) - count
