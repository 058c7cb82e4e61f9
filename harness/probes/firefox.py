"""A real Firefox, driven over WebDriver BiDi: one process for a target, one context for each user agent.

It runs as users have it, but for these: certificates of loopback servers are accepted, which leaves its cache as it is;
and it goes nowhere but to loopback, for every name leads there, and what is no loopback name goes to a proxy that is
none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, BrowserContext

from harness.probes.driver import PATIENCE, Driver, launching

__all__ = ["Firefox"]

NOWHERE = ("127.0.0.1", 9)  # the port of the discard service (RFC 863)
PREFERENCES: dict[str, str | float | bool] = {
    "network.dns.native-is-localhost": True,
    "network.trr.mode": 5,  # no DNS over HTTPS
    "network.proxy.type": 1,
    "network.proxy.http": NOWHERE[0],
    "network.proxy.http_port": NOWHERE[1],
    "network.proxy.ssl": NOWHERE[0],
    "network.proxy.ssl_port": NOWHERE[1],
    "network.proxy.no_proxies_on": "localhost, .localhost, .test, 127.0.0.1",
    "network.proxy.failover_direct": False,
    "dom.events.testing.asyncClipboard": True,  # a page may read the clipboard: WebDriver has no permission for that
}


class Firefox:
    """A browser with a temporary profile. `close` ends it."""

    def __init__(self, executable: Path, environment: Mapping[str, str]) -> None:
        """Its files go where `environment` says that temporary files go. Raises NotHere where it does not start."""
        self._folder = TemporaryDirectory(prefix="downloads-", dir=environment.get("TMPDIR"))
        self.downloads: Path | None = Path(self._folder.name)  # WebDriver BiDi does not tell of all
        driver = Driver.acquire(environment)
        options: dict[str, Any] = {
            "channel": "moz-firefox",  # the one of Mozilla's, or a distribution's; Playwright's own is another
            "executable_path": executable,
            "firefox_user_prefs": PREFERENCES,
            "downloads_path": self.downloads,
            "env": dict(environment),
            "timeout": 60_000,
        }
        try:
            with launching(executable):
                self._browser: Browser | None = driver.firefox.launch(**options)
        except BaseException:
            self._folder.cleanup()
            raise
        self.executable = executable
        self._driver, self._options = driver, options
        self.version = self._browser.version

    def new_context(self) -> BrowserContext:
        """A user agent with an empty jar and empty storages."""
        assert self._browser is not None, "the browser is closed"
        context = self._browser.new_context(ignore_https_errors=True, locale="en-GB")
        context.set_default_timeout(PATIENCE)
        return context

    def new_profile(self, folder: Path, keeps_pages: bool = False) -> BrowserContext:
        """A user agent with its profile in this folder: a process of its own, which ends when the context is closed. It
        keeps pages that were left in any case."""
        start = self._driver.firefox.launch_persistent_context
        context = start(folder, ignore_https_errors=True, locale="en-GB", **self._options)
        context.set_default_timeout(PATIENCE)
        return context

    def close(self) -> None:
        """End the browser; safe to call twice."""
        browser, self._browser = self._browser, None
        if browser is not None:
            try:
                browser.close()
            finally:
                Driver.release()
                self._folder.cleanup()
