"""A user's browser with several tabs at the web client, in which he signs out."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from harness.observations import CookieJar, SecretScan
from harness.observations.web_logout import RevocationState, TabRequests, TabView, UserNotes

__all__ = ["WebLogout"]


class WebLogout(Protocol):
    """One user agent, as users have it: it keeps pages that were left, too. `tab` names one of its tabs, "" the first;
    `window` is one of its own. Users are `first` and `second`."""

    def log_in(self, case: str, user: str) -> TabView:
        """In the first tab."""

    def open(self, case: str, tab: str, page: str) -> TabView:
        """Show `home` or `settings` in a tab, by a link of the client's pages where it is open already."""

    def keeps_pages(self, case: str) -> TabView:
        """Leave a page that may be kept, and come back to it: `restored` tells whether this browser keeps any."""

    def write(self, tab: str, text: str, seconds: float = 0.0) -> None:
        """Write a note; wait at most so long until it is saved."""

    def sleep(self, tab: str) -> None:
        """Let none of a tab's scripts run."""

    def wake(self, tab: str) -> None: ...

    def offline(self, tab: str, is_offline: bool) -> None: ...

    def close_tab(self, tab: str) -> None: ...

    def cookie(self) -> str:
        """A copy of the cookie, as a Cookie header."""

    def sign_out(self) -> None:
        """Press the button in the first tab; where he is asked whether what is not saved may be lost, it may."""

    def look(self, case: str, tab: str, seconds: float) -> TabView:
        """Look at a tab until it is signed out, or for so long."""

    def travel(self, case: str, steps: int) -> TabView:
        """Go back or forward in the first tab."""

    def storages(self, case: str) -> SecretScan:
        """Search all that this browser stores for the client's origin for what is the user's."""

    def jar(self, case: str) -> CookieJar: ...

    def requests(self, case: str) -> TabRequests: ...

    def notes(self, case: str, user: str) -> UserNotes: ...

    def unreachable(self, case: str, who: str) -> AbstractContextManager[None]:
        """While it lasts, the `web client` or the `revocation endpoint` of the issuer answers nobody."""

    def revocation(self, case: str, seconds: float) -> RevocationState:
        """Wait for it at most so long."""

    def close(self) -> None: ...
