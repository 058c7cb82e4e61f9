"""The desktop's window, as pages on a loopback port.

Other users and other programs of the machine can reach the port. So a page is given only to who opened a one-time link
and holds the cookie from it. The answer of a sign-in comes to a port of its own: `browser_sign_in`.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, unquote

from reference_impl.desktop import switching
from reference_impl.desktop.browser_sign_in import BrowserSignIn
from reference_impl.desktop.exchange import Answer, Request
from reference_impl.desktop.session import DesktopSession
from reference_impl.desktop.sessions import Sessions
from reference_impl.oauth_client import OAuthClientError
from reference_impl.session_store import SessionStore, SessionStoreError
from reference_impl.web.origin import is_same_origin
from reference_impl.web.pages import Pages

SWITCH, CONFIRMED = "/switch/", "/confirm"


class Window:
    """The routes of the window. ``open_browser`` hands a URL to the system's browser."""

    def __init__(
        self,
        port: int,
        sessions: Sessions,
        sign_in: BrowserSignIn,
        store: SessionStore,
        pages: Pages,
        switch: switching.StageSwitch,
        open_browser: Callable[[str], None],
    ) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.pages = pages
        self._sessions = sessions
        self._sign_in = sign_in
        self._store = store
        self.switch = switch
        self._open_browser = open_browser
        self._cookie_name = f"window-{port}"  # cookies do not keep ports apart: RFC 6265 §8.5
        self._key = secrets.token_urlsafe(32)
        self._nonces: set[str] = set()
        self._lock = threading.Lock()

    @property
    def _session(self) -> DesktopSession:
        return self._sessions.shown

    def new_link(self) -> str:
        """Return a link that opens the window once."""
        nonce = secrets.token_urlsafe(32)
        with self._lock:
            self._nonces.add(nonce)
        return f"{self.origin}/open/{nonce}"

    def answer(self, request: Request) -> Answer:
        """Route a request. The Host is checked against DNS rebinding, POST against forgery."""
        if request.headers.get("host") != self.origin.removeprefix("http://"):
            return self._message(421, "Refused", "This port has no such host.")
        if request.method == "GET" and request.path.startswith("/open/"):
            return self._open(request.path.removeprefix("/open/"))
        asset = self.pages.asset(request.path.removeprefix("/assets/"))
        if asset is not None:
            return Answer(200, asset[0], content_type=asset[1])
        if not self._is_window(request):
            return self._message(403, "Refused", "Only the app's own window may see this page.")
        sender, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
        if request.method == "POST" and not is_same_origin(self.origin, sender, site):
            return self._message(403, "Refused", "This request did not come from the app's own pages.")
        if request.method == "POST" and request.path.startswith(SWITCH) and len(self.switch.stages) > 1:
            return self._switch_stage(request.path.removeprefix(SWITCH))
        return self._routes().get((request.method, request.path), self._unknown)(request)

    def _routes(self) -> dict[tuple[str, str], Callable[[Request], Answer]]:
        return {
            ("GET", "/"): self._home,
            ("GET", "/login"): self._login,
            ("GET", "/settings"): self._settings,
            ("POST", "/start"): self._start,
            **{("POST", f"/start/{stage}"): self._start for stage in self._sessions.stages},
            ("POST", "/cancel"): self._cancel,
            ("POST", "/logout"): self._logout,
            ("POST", "/unlock"): self._unlock,
        }

    def _home(self, request: Request) -> Answer:
        if not self._session.signed_in:
            return _go("/login")
        return _page(self.pages.home(self._session, self._store.status()))

    def _login(self, request: Request) -> Answer:
        if self._session.signed_in:
            return _go("/")
        notice = parse_qs(request.query).get("notice", [""])[0]
        if self._sessions.sign_in_expired:
            notice = "expired"
        follow = (("Refresh", "2"),) if notice == "browser" else ()
        return _page(self.pages.login(self._store.status(), notice, self._session.issuer), *follow)

    def _settings(self, request: Request) -> Answer:
        session = self._session if self._session.signed_in else None
        return _page(self.pages.settings(session, self._store.status(), self._session.issuer))

    def _start(self, request: Request) -> Answer:
        """Sign in by the system's browser, never inside the window (RFC 8252 §8.12); elsewhere, after a switch."""
        stage = request.path.removeprefix("/start").removeprefix("/") or self._session.stage
        if self.switch.would_end(stage):
            return self._ask_first(stage)
        try:
            self.switch.switch(stage)
            self._open_browser(self._sign_in.begin())
        except OAuthClientError:
            return _go("/login?notice=unavailable")
        return _go("/login?notice=browser")

    def _cancel(self, request: Request) -> Answer:
        self._sign_in.cancel()
        return _go("/login?notice=cancelled")

    def _switch_stage(self, path: str) -> Answer:
        """Ask first; when it is confirmed, the session of the stage that is shown ends."""
        confirmed = path.endswith(CONFIRMED)
        try:
            name = self.switch.check(unquote(path.removesuffix(CONFIRMED)))
        except switching.UnknownStage as unknown:
            return self._message(400, "Not changed", str(unknown))
        if not confirmed:
            return self._ask_first(name)
        self.switch.switch(name)
        return _go("/login?notice=switched")

    def _ask_first(self, stage: str) -> Answer:
        ends, issuer = self.switch.would_end(stage), self._session.issuer
        return _page(self.pages.confirm_stage(stage, self._store.status(), ends, issuer))

    def _logout(self, request: Request) -> Answer:
        revoked, cleared = self._session.logout()
        if not cleared:
            return _go("/login?notice=signed-out-kept")
        return _go(f"/login?notice={'signed-out' if revoked else 'signed-out-here'}")

    def _unlock(self, request: Request) -> Answer:
        """Let the system ask for the keyring's password; what is stored is then taken up without a new sign-in."""
        try:
            self._store.unlock()
        except SessionStoreError:
            return _go("/login?notice=locked")
        self._sessions.resume()
        return _go("/")

    def _open(self, nonce: str) -> Answer:
        with self._lock:
            known = nonce in self._nonces
            self._nonces.discard(nonce)
        if not known:
            return self._message(403, "Refused", "This link was already used. Open the window from the app.")
        return _go("/", ("Set-Cookie", f"{self._cookie_name}={self._key}; Path=/; HttpOnly; SameSite=Strict"))

    def _is_window(self, request: Request) -> bool:
        try:
            morsel = SimpleCookie(request.headers.get("cookie", "")).get(self._cookie_name)
        except CookieError:
            return False
        return morsel is not None and secrets.compare_digest(morsel.value.encode(), self._key.encode())

    def _unknown(self, request: Request) -> Answer:
        return self._message(404, "Not found", "There is no such page.")

    def _message(self, status: int, title: str, text: str) -> Answer:
        return Answer(status, self.pages.message(title, text, self._store.status(), onward=status == 404).encode())


def _page(html: str, *headers: tuple[str, str]) -> Answer:
    return Answer(200, html.encode(), headers)


def _go(location: str, *headers: tuple[str, str]) -> Answer:
    return Answer(303, b"", (("Location", location), *headers))
