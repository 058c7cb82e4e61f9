"""Where a real browser goes on its way through a login of the reference."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Request

from harness.observations.navigation import NavigationTrail, SentRequest
from harness.observe import Recorder
from harness.probes.agent import Agent
from harness.probes.cookies import Measure
from harness.probes.history import History
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_requests import RequestTap

__all__ = ["ReferenceNavigation"]

ELSEWHERE = "https://elsewhere.test/page"  # a name that exists nowhere (RFC 6761 §6.2): what is sent is seen before
SETTLED = 400  # milliseconds without a request, after which a page has come to rest
LONGEST = 20  # times that
LINK = """url => {
  const link = Object.assign(document.createElement('a'), {href: url, id: 'elsewhere'});
  link.textContent = 'elsewhere';
  document.body.prepend(link);
}"""


class ReferenceNavigation:
    """One user agent. Requests are noted as the browser makes them, whether they are answered or not."""

    def __init__(self, target: ReferenceHost, stage: str, browser: str, recorder: Recorder) -> None:
        """Raises NotHere where there is no such browser."""
        self._target, self._stage, self._recorder = target, stage, recorder
        self._address = target.addresses[stage]
        self._ends = ExitStack()
        app = target.reference.stages[stage].app
        self._tap = RequestTap(app.issuer.app)
        self._ends.callback(self._tap.close)
        context = target.browser(browser).new_context()
        measure = Measure(recorder.redactor.text, {}, lambda text: False)
        self._agent = Agent(context, recorder, measure, {"stage": stage}, listens=False)
        self._ends.callback(self._agent.close)
        self._page = self._agent.page
        self._history = History(self._page)
        self._seen: list[tuple[str, str, str]] = []
        self._told = self._redeemed = 0
        context.on("request", self._note)

    def log_in(self, case: str) -> NavigationTrail:
        self._agent.open(f"{self._address.web}/login")
        self._agent.press("#sign-in")
        self._agent.fill_login(self._address.users["existing"])
        return self._trail(case)

    def decline(self, case: str) -> NavigationTrail:
        self._agent.open(f"{self._address.web}/login")
        self._agent.press("#sign-in")
        self._agent.press('button[value="cancel"]')
        return self._trail(case)

    def go(self, case: str, steps: int) -> NavigationTrail:
        """A page that is not kept, or was answered to a form, may not load again: nobody waits for it."""
        self._page.evaluate("steps => { setTimeout(() => history.go(steps), 0); }", steps)
        return self._trail(case)

    def leave(self, case: str) -> NavigationTrail:
        self._agent.open(f"{self._address.web}/")
        self._page.evaluate(LINK, ELSEWHERE)
        with suppress(BrowserError):
            self._page.click("#elsewhere", no_wait_after=True)
        return self._trail(case)

    def close(self) -> None:
        """End the user agent, and the looking on."""
        self._ends.close()

    def _note(self, request: Request) -> None:
        """What is read here asks the browser nothing."""
        with suppress(BrowserError):
            page = request.url if request.is_navigation_request() else request.frame.url
            self._seen.append((request.url, page, request.headers.get("referer", "")))

    def _trail(self, case: str) -> NavigationTrail:
        self._settle()
        own = {urlsplit(url).netloc for url in (self._address.web, self._address.issuer)}
        for url, _, referer in self._seen[self._told :]:
            self._recorder.redactor.register_from_request(url, {"Referer": referer}, "")
        requests = tuple(
            SentRequest(url, page, referer, urlsplit(url).netloc not in own)
            for url, page, referer in self._seen[self._told :]
            if url.startswith("http")
        )
        self._told = len(self._seen)
        history, location = self._history.read()
        for url in history:
            self._recorder.redactor.register_from_request(url, {}, "")
        redeemed = sum(one.method == "POST" and one.path == "/token" for one in self._tap.received)
        before, self._redeemed = self._redeemed, redeemed
        return self._recorder.record(
            NavigationTrail(
                case=case,
                about={"stage": self._stage},
                requests=requests,
                history=history,
                location=location,
                redemptions=redeemed - before,
            )
        )

    def _settle(self) -> None:
        for _ in range(LONGEST):
            before = len(self._seen), len(self._tap.received)
            self._page.wait_for_timeout(SETTLED)
            if before == (len(self._seen), len(self._tap.received)):
                return
