"""The tabs of one browser: what each shows, what each sends, and how each is put to sleep or cut off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, CDPSession, ConsoleMessage, Page, Route
from playwright.sync_api import Error as BrowserError

from harness.errors import TargetError
from harness.observations.web_logout import TabRequest

__all__ = ["PICTURE", "Tab"]

ONLINE = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
RESTORED = "authassay: restored "
# Tells of a page that comes out of the cache of pages, with what its first picture shows.
PICTURE = """addEventListener("pageshow", ({persisted}) => {
  if (persisted) requestAnimationFrame(() => console.debug("%s" + (document.body?.innerText ?? "")));
});""".replace("%s", RESTORED)
LOOK = """() => ({
  ready: document.readyState !== "loading",
  path: location.pathname,
  signedOut: !!document.querySelector("#sign-in, #sign-in-again") && !document.querySelector("#sign-out, #account"),
  held: document.documentElement.outerHTML + [...document.querySelectorAll("input")].map(({value}) => value).join(" "),
  text: document.body?.innerText ?? "",
})"""
ASLEEP = "/authassay-asleep"
SLEEP = """path => {
  const asked = new XMLHttpRequest();
  asked.open("GET", path, false);
  setTimeout(() => asked.send(), 0);
}"""
ATTEMPTS = 100
POLL = 50  # milliseconds


class Tab:
    """A page, from before it goes anywhere."""

    def __init__(self, context: BrowserContext, page: Page, name: str, host: str) -> None:
        """`host`: whose requests are noted."""
        self.page, self.name, self._host = page, name, host
        self._sent: dict[str, list[tuple[str, str, float, bool]]] = {}  # by number; a redirect has that of its cause
        self._cookies: dict[str, list[str]] = {}
        self._pictures: list[str] = []
        self._held: list[Route] = []
        page.on("console", self._hear)
        self._cdp: CDPSession = context.new_cdp_session(page)
        self._cdp.on("Network.requestWillBeSent", self._note)
        self._cdp.on("Network.requestWillBeSentExtraInfo", self._note_cookies)
        self._cdp.send("Network.enable")

    def look(self) -> Mapping[str, Any]:
        """What the tab shows; asked again where it is on its way to another page."""
        for _ in range(ATTEMPTS):
            with suppress(BrowserError):
                seen = dict(self.page.evaluate(LOOK))
                if seen["ready"]:
                    return seen
            self.wait()
        raise TargetError(f"the tab {self.name!r} does not tell what it shows")

    def wait(self, milliseconds: float = POLL) -> None:
        with suppress(BrowserError):
            self.page.wait_for_timeout(milliseconds)

    def pictures(self) -> list[str]:
        """The first pictures of the pages that were restored since the last call."""
        pictures, self._pictures = self._pictures, []
        return pictures

    def sleep(self) -> None:
        """None of its scripts runs, for one of them waits for an answer; what comes to the tab meanwhile waits, too."""
        self.page.route(f"**{ASLEEP}", lambda route: self._held.append(route))
        self.page.evaluate(SLEEP, ASLEEP)

    def wake(self) -> None:
        for route in self._held:
            route.fulfill(status=204)
        self._held.clear()

    def offline(self, is_offline: bool) -> None:
        self._cdp.send("Network.emulateNetworkConditions", {"offline": is_offline, **ONLINE})

    def requests(self, since: float, is_credential: Callable[[str], bool]) -> list[TabRequest]:
        """What was sent since then (seconds since the epoch). `is_credential`: of a Cookie header."""
        found = []
        for number, asked in self._sent.items():
            told = self._cookies.get(number, [])  # without headers nothing was sent
            for (method, path, at, header), cookies in zip(asked, told, strict=False):
                borne = [("cookie", is_credential(cookies)), ("header", header)]
                named = tuple(name for name, is_there in borne if is_there)
                found.append(TabRequest(self.name, method, path, round(at - since, 3), named))
        return [one for one in found if one.at >= 0]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.text.startswith(RESTORED):
            self._pictures.append(message.text.removeprefix(RESTORED))

    def _note(self, event: dict[str, Any]) -> None:
        request = event["request"]
        parts = urlsplit(request["url"])
        if parts.hostname == self._host:
            header = any(name.lower() == "authorization" for name in request["headers"])
            sent = (request["method"], parts.path, float(event["wallTime"]), header)
            self._sent.setdefault(event["requestId"], []).append(sent)

    def _note_cookies(self, event: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in event["headers"].items()}
        self._cookies.setdefault(event["requestId"], []).append(str(headers.get("cookie", "")))
