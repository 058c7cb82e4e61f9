"""A real Chromium: one process for a target, one context for each user agent.

The certificate of loopback servers is accepted by its public key, and by nothing else: with certificate errors ignored
altogether Chromium would cache nothing, and treat pages otherwise than on a user's machine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright
from playwright.sync_api import Error as BrowserError

from harness.errors import NotHere

__all__ = ["PATIENCE", "Chromium"]

PATIENCE = 10_000.0  # milliseconds that a page may take for anything
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-sandbox",  # it runs as root in containers, and visits loopback only
    # Nothing outside this machine; `.test` is reserved for names that exist nowhere (RFC 6761 §6.2).
    "--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP *.test 127.0.0.1, EXCLUDE 127.0.0.1, MAP * ~NOTFOUND",
)


@contextmanager
def _environment(environment: Mapping[str, str]) -> Iterator[None]:
    """This process's environment, for as long as it takes to start a child that can be given none."""
    own = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(own)


class _Driver:
    """Playwright's own process. A thread can have one at a time, so all browsers of the process share it."""

    _shared: ClassVar[Playwright | None] = None
    _users: ClassVar[int] = 0
    _lock: ClassVar[threading.RLock] = threading.RLock()

    @classmethod
    def acquire(cls, environment: Mapping[str, str]) -> Playwright:
        """Start it with this environment, whole, unless it runs: the profiles that it makes lie where TMPDIR says."""
        with cls._lock:
            if cls._shared is None:
                with _environment(environment):
                    cls._shared = sync_playwright().start()
            cls._users += 1
            return cls._shared

    @classmethod
    def release(cls) -> None:
        with cls._lock:
            cls._users -= 1
            if cls._users == 0 and cls._shared is not None:
                cls._shared.stop()
                cls._shared = None


class Chromium:
    """A browser with a temporary profile. `close` ends it."""

    def __init__(self, executable: Path, environment: Mapping[str, str], spki_hash: str = "") -> None:
        """`spki_hash`: base64 SHA-256 of the public key that loopback servers use. Its files go where `environment`
        says that temporary files go. Raises NotHere where it does not start."""
        trusted = [f"--ignore-certificate-errors-spki-list={spki_hash}"] if spki_hash else []
        driver = _Driver.acquire(environment)
        try:
            self._browser: Browser | None = driver.chromium.launch(
                executable_path=executable, args=[*FLAGS, *trusted], env=dict(environment), timeout=30_000
            )
        except BaseException as error:
            _Driver.release()
            if isinstance(error, BrowserError):
                reason = str(error).splitlines()[0]
                raise NotHere(f"{executable} does not start ({reason})", "install it anew, or name another") from error
            raise
        self.executable = executable
        self.version = self._browser.version

    def new_context(self) -> BrowserContext:
        """A user agent with an empty jar and empty storages."""
        assert self._browser is not None, "the browser is closed"
        context = self._browser.new_context(locale="en-GB")
        context.set_default_timeout(PATIENCE)
        return context

    def close(self) -> None:
        """End the browser; safe to call twice."""
        browser, self._browser = self._browser, None
        if browser is not None:
            try:
                browser.close()
            finally:
                _Driver.release()
