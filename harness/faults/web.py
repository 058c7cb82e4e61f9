"""Faults of the web client: of its cookies, and of tokens within reach of page script."""

from __future__ import annotations

import base64
import json
import secrets
import zlib
from collections.abc import Sequence

from flask import request

from harness.faults.inline_scripts import InlineScripts
from harness.faults.registry import fault
from reference_impl.parts import Part
from reference_impl.session_store import StorageStatus
from reference_impl.web.cookies import CookiePolicy
from reference_impl.web.pages import Link, Pages, SignedIn
from reference_impl.web.sessions import WebSession, WebSessions


@fault("F-WEB-01-b", "WEB-01.E2", Part.COOKIE_POLICY)
def the_cookie_belongs_to_the_whole_domain(real: CookiePolicy) -> CookiePolicy:
    class DomainWide(CookiePolicy):
        session_name = "session"
        flow_name = "flow"

        def _set(self, name: str, value: str, max_age: int) -> str:
            domain = request.host.partition(":")[0].partition(".")[2]
            return f"{super()._set(name, value, max_age)}; Domain={domain}"

    return DomainWide()


@fault("F-WEB-01-c", "WEB-01.E1", Part.COOKIE_POLICY)
def the_renewed_cookie_lacks_httponly(real: CookiePolicy) -> CookiePolicy:
    class Careless(CookiePolicy):
        def renew_session(self, identifier: str, max_age: int) -> str:
            return super().renew_session(identifier, max_age).replace("; HttpOnly", "")

    return Careless()


@fault("F-WEB-01-d", "WEB-01.E3", Part.WEB_SESSION)
def the_cookie_is_base64_json_with_the_account(real: WebSessions) -> WebSessions:
    class Telling(WebSessions):
        def mint(self, account: str) -> str:
            told = {"email": f"{account}@example.com", "id": secrets.token_hex(8)}
            return base64.urlsafe_b64encode(json.dumps(told).encode()).decode()

    return _same(real, Telling)


@fault("F-WEB-01-x2", "WEB-01.E3", Part.WEB_SESSION)
def the_cookie_is_a_compressed_session(real: WebSessions) -> WebSessions:
    """As web frameworks make it that keep the session in the cookie."""

    class Compressed(WebSessions):
        def mint(self, account: str) -> str:
            told = {"name": account, "id": secrets.token_hex(8), "padding": "x" * 80}
            packed = zlib.compress(json.dumps(told).encode())
            return f".{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"

    return _same(real, Compressed)


@fault("F-WEB-01-x1", "WEB-01.E4", Part.COOKIE_POLICY)
def the_deletion_has_other_attributes(real: CookiePolicy) -> CookiePolicy:
    """Browsers refuse a `__Host-` cookie without Secure, and so its deletion."""

    class Mismatched(CookiePolicy):
        def end_session(self) -> str:
            return super().end_session().replace("; Secure", "")

    return Mismatched()


@fault("F-WEB-02-a", "WEB-02.E1", Part.PAGES)
def the_access_token_is_kept_in_local_storage(real: Pages) -> Pages:
    class Scripted(InlineScripts):
        def home(self, session: SignedIn, storage: StorageStatus) -> str:
            page = super().home(session, storage)
            manager = getattr(session, "manager", None)  # the web client's sessions have one
            if manager is None:
                return page
            return self.with_script(page, f"localStorage.setItem('access_token', '{manager.access_token()}')")

    return Scripted(real.place)


@fault("F-WEB-02-x2", "WEB-02.E1", Part.PAGES)
def the_settings_page_holds_the_refresh_token(real: Pages) -> Pages:
    class Detailed(Pages):
        def settings(
            self, session: SignedIn | None, storage: StorageStatus, issuer: str = "", further: Sequence[Link] = ()
        ) -> str:
            page = super().settings(session, storage, issuer, further)
            manager = getattr(session, "manager", None)
            if manager is None:
                return page
            return page.replace("</body>", f'<i hidden data-token="{manager.vault.load()}"></i></body>')

    return Detailed(real.place)


@fault("F-WEB-02-x3", "WEB-02.E1", Part.PAGES)
def the_login_page_still_holds_the_token_of_the_session_before(real: Pages) -> Pages:
    class Lingering(Pages):
        _last = ""

        def home(self, session: SignedIn, storage: StorageStatus) -> str:
            manager = getattr(session, "manager", None)
            self._last = manager.access_token() if manager else ""
            return super().home(session, storage)

        def login(
            self, storage: StorageStatus, notice: str | None = None, issuer: str = "", return_to: str = "/"
        ) -> str:
            page = super().login(storage, notice, issuer, return_to)
            return page.replace("</body>", f"<!-- {self._last} --></body>")

    return Lingering(real.place)


@fault("F-WEB-02-c", "WEB-02.E2", Part.WEB_SESSION)
def the_session_answer_holds_the_refresh_token(real: WebSessions) -> WebSessions:
    class Generous(WebSessions):
        def public_view(self, session: WebSession) -> dict[str, object]:
            return {**super().public_view(session), "refresh_token": session.manager.vault.load()}

    return _same(real, Generous)


@fault("F-WEB-02-x1", "WEB-02.E3", Part.WEB_SESSION)
def the_session_lives_for_one_page(real: WebSessions) -> WebSessions:
    class Brief(WebSessions):
        def find(self, identifier: str | None, *, activity: bool) -> WebSession | None:
            session = super().find(identifier, activity=activity)
            if session is None or not activity:
                return session
            if getattr(self, "_shown", None) == session.identifier:
                self.end(session)
                return None
            self._shown = session.identifier
            return session

    return _same(real, Brief)


def _same(real: WebSessions, other: type[WebSessions]) -> WebSessions:
    """Sessions with the real ones' state and limits, and another behaviour."""
    real.__class__ = other
    return real
