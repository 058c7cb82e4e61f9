"""The clients: session store, desktop, web, and one that knows two issuers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from harness.observations import (
    CallbackDelivery,
    CookieJar,
    LogCapture,
    PageView,
    SecretSample,
    SecretScan,
    SelfTestRun,
    StoreListing,
    StoreOperation,
    StoreState,
)
from harness.ports.issuer import Copies

__all__ = ["DesktopClient", "RelyingParty", "StoreClient", "WebClient"]


class StoreClient(Protocol):
    """The session store as a client process uses it. `value` is a witness, not a secret, and `name` names it."""

    def set(self, case: str, stage: str, account: str, item: str, name: str, value: bytes) -> StoreOperation: ...

    def get(self, case: str, stage: str, account: str, item: str) -> StoreOperation: ...

    def clear(self, case: str, stage: str, account: str) -> StoreOperation: ...

    def items(self, case: str, stage: str, account: str) -> StoreListing: ...

    def restart(self) -> None:
        """End the client's process and start another, so that reads cross a process border."""

    def close(self) -> None: ...


class DesktopClient(Protocol):
    """The desktop's main process, with its window in a browser. Every answer says how its secrets are kept."""

    def start(self, case: str) -> StoreState: ...

    def log_in(self, case: str) -> StoreState:
        """Log in through the window and the issuer's page."""

    def call_api(self, case: str) -> StoreState: ...

    def refresh(self, case: str) -> StoreState: ...

    def copies(self, case: str) -> Copies:
        """What the client was given last; the answer that brought it is recorded under `case`."""

    def log_out(self, case: str) -> StoreState:
        """Log out in the window."""

    def look(self, case: str, page: str) -> PageView:
        """Look at a page of the window: `login`, `home` or `settings`, in a real browser."""

    def self_test(self, case: str) -> SelfTestRun: ...

    def logs(self, case: str) -> LogCapture: ...

    def scan(self, case: str) -> SecretScan:
        """Search everything that the process could write to, and its back end's files."""

    def stop(self) -> None: ...

    def close(self) -> None: ...


class WebClient(Protocol):
    """The web client in a real browser, one user agent."""

    def log_in(self, case: str) -> PageView: ...

    def refresh(self, case: str) -> PageView: ...

    def reload(self, case: str) -> PageView: ...

    def log_out(self, case: str) -> PageView: ...

    def copies(self, case: str) -> Copies:
        """What the client holds for this user; the answer that brought it is recorded under `case`."""

    def show(self, case: str, page: str) -> PageView:
        """Go to `settings`, or to `login`, for which a user who is signed in signs out."""

    def jar(self, case: str) -> CookieJar: ...

    def set_cookies(self, case: str) -> CookieJar:
        """All cookies set by answers since the last call."""

    def sent_to(self, case: str, where: str) -> CookieJar:
        """The cookies that the browser sends to `sibling` (another name of the same site) or `http`."""

    def scan_storages(self, case: str) -> SecretScan: ...

    def scan_page(self, case: str) -> SecretScan:
        """Search globals, DOM and inline data."""

    def scan_answers(self, case: str) -> SecretScan:
        """Search every answer that page script could read since the last call."""

    def scan_caches(self, case: str) -> SecretScan:
        """End the browser, and search what its caches hold on disk. Only with a profile of its own there."""

    def close(self) -> None: ...


class RelyingParty(Protocol):
    """A client that knows two issuers: the stage's own, `honest`, and one that the harness runs, `attacker`. The
    harness is its user's browser."""

    def identifiers(self) -> Mapping[str, str]:
        """Both issuer identifiers, by these names."""

    def begin(self, issuer: str) -> str:
        """Begin a sign-in at one of them, with nobody signed in; the URL of the authorization request."""

    def deliver(self, case: str, callback: str) -> CallbackDelivery:
        """Bring an authorization response to the client that began the last sign-in: the URL that a browser would be
        led to. The callback and the token requests that follow are recorded under `case`."""

    def another(self) -> RelyingParty:
        """The same client in another browser, or another instance of it; it ends with this one."""

    def provider_gives(self, mistake: str | None) -> None:
        """Let the attacker's issuer answer codes with tokens, the ID token with this mistake; `nothing`: with none.
        None: let it refuse codes, as at first."""

    def sample_states(self, case: str, count: int) -> SecretSample:
        """Begin so many sign-ins at the honest issuer, and look at their states."""

    def close(self) -> None: ...
