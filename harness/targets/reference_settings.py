"""The settings of the reference's web client in a real browser, and the internal tools behind them."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from playwright.sync_api import Route

from harness.errors import TargetError, nearest
from harness.observations import PageView, SecretScan
from harness.observations.settings import DebugPanel, MarkerSearch, ToolsTrial
from harness.observe import Recorder
from harness.probes.debug_page import DebugPageSearch
from harness.targets.reference_build import build_clients
from harness.targets.reference_host import PERSONAL, ReferenceHost
from harness.targets.reference_packed import PRODUCTION
from harness.targets.reference_settings_markers import MARKERS, found_in
from harness.targets.reference_web import ReferenceWeb

__all__ = ["ReferenceSettings"]

TOOLS = "/internal"
ASKED = {
    "the page": ("GET", TOOLS),
    "the report": ("GET", f"{TOOLS}/report"),
    "the script": ("GET", f"{TOOLS}/tools.js"),
    "turning it on": ("POST", f"{TOOLS}/on"),
    "the selector": ("POST", f"{TOOLS}/environment"),
}
REACHED = {  # by the way: what is gone to
    "the settings": "/settings",
    "the path": TOOLS,
    "a slash at its end": f"{TOOLS}/",
    "capitals": TOOLS.upper(),
    "an encoded letter": TOOLS.replace("i", "%69", 1),
    "the fragment": f"/settings#{TOOLS}",
    "a deep link": f"/login?return_to={TOOLS}",
    "the settings' path": f"/settings{TOOLS}",
    "the desktop's path": "/switch/dev",
}
SHORTCUTS = ("F12", "Control+Shift+D", "Control+Alt+I", "Control+K", "Control+Shift+P", "Meta+K", "Alt+D")
NODES = {
    "environment selector": "#environment, [action*='/switch'], button[data-stage], [action*='/environment']",
    "debug information": "#debug, #variables, [data-field], [data-variable]",
    "a way there": "[href*='internal'], [action*='internal'], [id*='internal']",
}
LOOK = """selectors => {
  const roots = [document, ...[...document.querySelectorAll('template')].map(each => each.content)];
  return Object.keys(selectors).filter(name => roots.some(root => root.querySelector(selectors[name])));
}"""
FETCH = """async ([method, path]) => {
  const answer = await fetch(path, {method, redirect: 'manual'}).catch(() => null);
  return answer === null ? 0 : answer.type === 'opaqueredirect' ? 303 : answer.status;
}"""
PANEL = """name => Object.fromEntries([...document.querySelectorAll(`[data-${name}]`)].map(
  each => [each.getAttribute(`data-${name}`), each.textContent.trim()]))"""


class ReferenceSettings:
    """One user agent with one user, who is nobody special until he is entitled."""

    def __init__(self, target: ReferenceHost, stage: str, browser: str, recorder: Recorder) -> None:
        """Raises NotHere where there is no such browser."""
        self._target, self._stage, self._recorder = target, stage, recorder
        self._about = {"stage": stage}
        self._ends = ExitStack()
        self._web = ReferenceWeb(target, stage, browser, recorder, user=PERSONAL)
        self._ends.callback(self._web.close)
        self._page = self._web.agent.page
        self._context, self._url = self._web.agent.context, target.addresses[stage].web
        if browser == "chromium":  # Firefox knows no such permission; it is told when it starts
            self._context.grant_permissions(["clipboard-read", "clipboard-write"], origin=self._url)
        self._context.clock.install()
        self._search = DebugPageSearch(self._page, recorder, self._about, target.browser(browser).downloads)
        self._subject = ""

    def log_in(self, case: str) -> PageView:
        view = self._web.log_in(case)
        self._subject = str(self._page.evaluate("() => fetch('/api/me').then(answer => answer.json())")["sub"])
        return view

    def entitle(self, internal: bool) -> None:
        app = self._target.reference.stages[self._stage].app
        app.set_internal(self._subject, internal)
        self._ends.callback(app.set_internal, self._subject, False)

    def renew(self, case: str) -> PageView:
        return self._web.refresh(case)

    def turn(self, case: str, on: bool) -> ToolsTrial:
        self._web.agent.open(f"{self._url}{TOOLS}")
        button = "#tools-on" if on else "#tools-off"
        if self._page.locator(button).count():
            self._web.agent.press(button)
        return self._trial(case, button, self._asked())

    def reach(self, case: str, way: str) -> ToolsTrial:
        if way == "the shortcuts":
            self._web.agent.open(f"{self._url}/settings")
            for keys in SHORTCUTS:
                self._page.keyboard.press(keys)
            return self._trial(case, way, {})
        if way == "its addresses":
            return self._trial(case, way, self._asked())
        if way not in REACHED:
            raise TargetError(f"nobody knows the way {way!r} ({nearest(way, REACHED)})")
        answer = self._page.goto(f"{self._url}{REACHED[way]}")
        is_page = REACHED[way].startswith("/settings") and not REACHED[way].endswith(f"s{TOOLS}")
        return self._trial(case, way, {} if answer is None or is_page else {REACHED[way]: answer.status})

    def grant(self, case: str, by: str) -> ToolsTrial:
        ways: Mapping[str, Callable[[], Mapping[str, int] | None]] = {
            "nothing": lambda: None,
            "a query parameter": lambda: self._query(),
            "local storage": lambda: self._script("localStorage"),
            "session storage": lambda: self._script("sessionStorage"),
            "a cookie": self._cookie,
            "headers": lambda: self._context.set_extra_http_headers({"X-Internal": "1", "X-Role": "internal"}),
            "an altered answer": lambda: self._alter(),
            "a token with the claim": self._token,
        }
        if by == "the environment":
            with _environment({"INTERNAL": "1", "AUTH_INTERNAL": "1", "VITE_INTERNAL": "1"}):
                return self._tried(case, by, None)
        if by not in ways:
            raise TargetError(f"nobody knows how one is made internal by {by!r} ({nearest(by, ways)})")
        return self._tried(case, by, ways[by]())

    def wait(self, case: str, seconds: float) -> ToolsTrial:
        self._context.clock.fast_forward(int(seconds * 1000))
        for _ in range(60):  # what the page asked for is answered in a moment
            if not self._page.evaluate(LOOK, NODES):
                break
            self._page.wait_for_timeout(50)
        return self._trial(case, "the open page", self._asked(), seconds)

    def panel(self, case: str) -> DebugPanel:
        self._web.agent.open(f"{self._url}{TOOLS}")
        fields, variables = (self._page.evaluate(PANEL, name) for name in ("field", "variable"))
        return self._recorder.record(DebugPanel(case=case, about=self._about, fields=fields, variables=variables))

    def scan_panel(self, case: str) -> SecretScan:
        return self._search.shown(case, self._web.canaries(pseudonyms=False))

    def scan_taken(self, case: str) -> SecretScan:
        return self._search.taken(case, "#copy-report", "#save-report", self._web.canaries(pseudonyms=False))

    def scan_answers(self, case: str) -> SecretScan:
        self._page.evaluate(FETCH, ["GET", f"{TOOLS}/report"])
        return self._web.scan_answers(case)

    def markers(self, case: str) -> MarkerSearch:
        folder = Path(mkdtemp(prefix="settings-", dir=self._target.folder))
        build_clients(self._target, PRODUCTION, folder / "production")
        build_clients(self._target, "dev", folder / "internal", "--internal", "staging")
        found, control = (found_in(folder / name) for name in ("production", "internal"))
        return self._recorder.record(
            MarkerSearch(case=case, about=self._about, searched=tuple(MARKERS), found=found, control=control)
        )

    def close(self) -> None:
        """End the user agent; nobody is internal any more."""
        self._ends.close()

    def _tried(self, case: str, by: str, further: Mapping[str, int] | None) -> ToolsTrial:
        self._web.agent.open(f"{self._page.url if 'internal=' in self._page.url else f'{self._url}/settings'}")
        nodes = self._page.evaluate(LOOK, NODES)
        trial = self._trial(case, by, {**self._asked(), **(further or {})}, nodes=nodes)
        self._context.unroute_all()
        return trial

    def _asked(self) -> dict[str, int]:
        return {name: int(self._page.evaluate(FETCH, list(asked))) for name, asked in ASKED.items()}

    def _trial(
        self, case: str, way: str, statuses: Mapping[str, int], seconds: float = 0.0, nodes: list[str] | None = None
    ) -> ToolsTrial:
        found = self._page.evaluate(LOOK, NODES) if nodes is None else nodes
        about = {**self._about, "subject": self._subject}
        shown = self._page.locator("h1", has_text="Settings").count() > 0
        return self._recorder.record(
            ToolsTrial(
                case=case, about=about, way=way, statuses=statuses, nodes=tuple(found), shown=shown, seconds=seconds
            )
        )

    def _query(self) -> None:
        self._page.goto(f"{self._url}/settings?internal=1&debug=true&role=internal")

    def _script(self, storage: str) -> None:
        script = f"for (const name of ['internal', 'debug', 'isInternal']) {storage}.setItem(name, 'true')"
        self._page.evaluate(f"() => {{ {script} }}")

    def _cookie(self) -> None:
        self._context.add_cookies([{"name": name, "value": "1", "url": self._url} for name in ("internal", "debug")])

    def _alter(self) -> None:
        """What the server says of the session and the account comes to the page as if it were internal."""

        def altered(route: Route) -> None:
            answer = route.fetch()
            told = {**answer.json(), "internal": True, "role": "internal"}
            route.fulfill(response=answer, body=json.dumps(told))

        for path in ("/session", "/api/me", "/refresh"):
            self._context.route(f"**{path}", altered)

    def _token(self) -> Mapping[str, int]:
        """The user's own access token with the claim written into it, shown to the API."""
        token = self._web.copies("copies").access_token
        header, body, signature = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(f"{body}{'=' * (-len(body) % 4)}"))
        edited = base64.urlsafe_b64encode(json.dumps({**claims, "internal": True}).encode()).decode().rstrip("=")
        forged = f"{header}.{edited}.{signature}"
        self._recorder.redactor.register(forged, "access_token")
        with self._target.new_session() as client:
            answer = client.get(
                self._target.addresses[self._stage].protected, headers={"Authorization": f"Bearer {forged}"}
            )
        return {"the API": answer.status_code}


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The server's environment with these set: it runs in this process."""
    before: dict[str, Any] = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
