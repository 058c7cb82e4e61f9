"""What drives browsers: Playwright's process, which all of this process share, and what a browser is to its users."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Protocol

from playwright.sync_api import BrowserContext, Playwright, sync_playwright
from playwright.sync_api import Error as BrowserError

from harness.errors import NotHere

__all__ = ["PATIENCE", "Driver", "UserAgents", "browser_of", "launching"]

PATIENCE = 10_000.0  # milliseconds that a page may take for anything


def browser_of(context: BrowserContext) -> str:
    """`chromium` or `firefox`."""
    browser = context.browser
    assert browser is not None, "a context of no browser"
    return browser.browser_type.name


class UserAgents(Protocol):
    """A running browser, whichever it is."""

    @property
    def version(self) -> str: ...

    @property
    def downloads(self) -> Path | None:
        """The folder in which what pages save is found; None where Playwright tells of it."""

    def new_context(self) -> BrowserContext:
        """A user agent with an empty jar and empty storages."""

    def new_profile(self, folder: Path, keeps_pages: bool = False) -> BrowserContext:
        """A user agent as users have it, with its profile in this folder: a process of its own, which ends when the
        context is closed. Only such a one keeps anything on disk. `keeps_pages`: also pages that were left, as its
        cache of pages does where automation does not turn it off."""

    def close(self) -> None:
        """End the browser; safe to call twice."""


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


class Driver:
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


@contextmanager
def launching(executable: Path) -> Iterator[None]:
    """While a browser starts: where it does not, its driver is let go, and NotHere says why."""
    try:
        yield
    except BaseException as error:
        Driver.release()
        if isinstance(error, BrowserError):
            reason = str(error).splitlines()[0]
            raise NotHere(f"{executable} does not start ({reason})", "install it anew, or name another") from error
        raise
