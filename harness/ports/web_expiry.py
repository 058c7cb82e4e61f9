"""A user's browser whose clock can be set, and what it keeps when his session has come to its end."""

from __future__ import annotations

from typing import Protocol

from harness.observations.web_expiry import DataExpiry, KeptData
from harness.observations.web_logout import TabView, UserNotes

__all__ = ["WebExpiry"]


class WebExpiry(Protocol):
    """One user agent with one tab at the web client. Users are `first` and `second`."""

    @property
    def absolute(self) -> float:
        """Seconds from a login to the absolute end of its session."""

    def log_in(self, case: str, user: str) -> TabView: ...

    def write(self, tab: str, text: str, seconds: float = 0.0) -> None:
        """Write a note; wait at most so long until it is saved."""

    def expiries(self, case: str) -> DataExpiry: ...

    def end_browser(self) -> None: ...

    def pass_time(self, seconds: float, in_browser: float | None = None) -> None:
        """Let time pass at the server, and in the browser, be it running or not: as much, or `in_browser`. A cookie
        whose time is over by the browser's clock is gone."""

    def start_browser(self, case: str, is_offline: bool) -> TabView:
        """With the same profile, at the client's home page."""

    def offline(self, is_offline: bool) -> None: ...

    def tamper(self) -> None:
        """Set every end that the browser has noted ten years later."""

    def reload(self, case: str) -> TabView:
        """Ask for the home page again."""

    def look(self, case: str, tab: str, seconds: float) -> TabView:
        """Look until the tab is signed out, or for so long."""

    def kept(self, case: str, seconds: float) -> KeptData:
        """Look until no database is left, or for so long."""

    def notes(self, case: str, user: str) -> UserNotes: ...

    def close(self) -> None: ...
