"""What a page's history holds, as far as its browser tells."""

from __future__ import annotations

from contextlib import suppress

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Frame, Page

from harness.errors import TargetError
from harness.probes.driver import browser_of

__all__ = ["History"]

PAUSE, ATTEMPTS = 400, 5  # milliseconds; looks


class History:
    """The history of one page. Chromium tells it. Of any other browser, all addresses are told that the page came to
    show since: what its history holds is among them."""

    def __init__(self, page: Page) -> None:
        """Before the page's first address."""
        self._page = page
        self._shown: dict[str, None] = {}
        page.on("framenavigated", self._note)

    def read(self) -> tuple[tuple[str, ...], str]:
        """Its addresses, and the one of these that is shown. A page that comes out of the cache of pages takes the
        place of the one that was asked: then it is asked anew. Raises TargetError where the browser tells nothing."""
        of_chromium = browser_of(self._page.context) == "chromium"
        for _ in range(ATTEMPTS):
            with suppress(BrowserError):
                return self._entries() if of_chromium else self._addresses()
            self._page.wait_for_timeout(PAUSE)
        raise TargetError("the browser does not tell its history")

    def _entries(self) -> tuple[tuple[str, ...], str]:
        told = self._page.context.new_cdp_session(self._page).send("Page.getNavigationHistory")
        history = tuple(str(entry["url"]) for entry in told["entries"])
        return history, history[told["currentIndex"]]

    def _addresses(self) -> tuple[tuple[str, ...], str]:
        shown = str(self._page.evaluate("() => location.href"))
        self._shown[shown] = None
        return tuple(self._shown), shown

    def _note(self, frame: Frame) -> None:
        if frame is self._page.main_frame:
            self._shown[frame.url] = None
