"""Faults of what a logout leaves: at the server, in the browser, and in its other tabs."""

from __future__ import annotations

from collections.abc import Mapping

from flask import request

from harness.faults.registry import fault
from harness.faults.sync_page import Assets, altered
from reference_impl.parts import Part
from reference_impl.token_manager import Logout, TokenManager
from reference_impl.web.pages import Pages
from reference_impl.web.sessions import WebSession, WebSessions

WATCH = '<script type="module" src="/assets/leaving.js"></script>'


@fault("F-WEB-10-x1", "WEB-10.E1", Part.WEB_SESSION)
def the_server_only_deletes_the_cookie(real: WebSessions) -> WebSessions:
    class Lasting(WebSessions):
        def end(self, session: WebSession) -> None:
            """It is left to its time-out."""

    real.__class__ = Lasting
    return real


@fault("F-WEB-10-x2", "WEB-10.E2", Part.ASSETS)
def the_name_is_remembered_for_the_next_login(real: Assets) -> Assets:
    begins = "export async function leave(handle) {"
    named = f"{begins}\n  window.last = document.querySelector('#account').textContent;"
    kept = "const channel = new BroadcastChannel"
    return altered(
        real,
        "leaving.js",
        (begins, named),
        ("go(left ?", "go(window.last ? `/login?notice=signed-out#${window.last}` : left ?"),
        (kept, f"if (location.hash) localStorage.setItem('last', location.hash);\n{kept}"),
    )


@fault("F-WEB-10-b", "WEB-10.E3", Part.PAGES)
def pages_may_be_kept_and_are_shown_as_they_were(real: Pages) -> Pages:
    """By the browser's cache of pages: it is neither told to keep none, nor to let go of what it has."""

    class Kept(Pages):
        def headers(self) -> dict[str, str]:
            return {**super().headers(), "Cache-Control": "no-cache", **_keeping()}

        def _render(self, template: str, **context: object) -> str:
            return super()._render(template, **context).replace(WATCH, "" if template == "settings.html" else WATCH)

    return Kept(real.place)


@fault("F-WEB-10-x3", "WEB-10.E3", Part.PAGES)
def pages_are_cached_for_an_hour(real: Pages) -> Pages:
    """Going back, a browser shows what its cache holds, however old (RFC 9111 §6)."""

    class Cached(Pages):
        def headers(self) -> dict[str, str]:
            stored = {"Cache-Control": "private, max-age=3600"} if request.path == "/settings" else {}
            return {**super().headers(), **stored, **_keeping()}

    return Cached(real.place)


@fault("F-WEB-10-c", "WEB-10.E4", Part.ASSETS)
def other_tabs_go_on_with_what_they_have_in_memory(real: Assets) -> Assets:
    return altered(real, "leaving.js", ('channel.addEventListener("message"', 'channel.addEventListener("unheard"'))


@fault("F-WEB-10-x4", "WEB-10.E4", Part.ASSETS)
def a_tab_without_a_network_is_not_told(real: Assets) -> Assets:
    heard = "if (!isSomebodys) return;\n  if (data"
    return altered(real, "leaving.js", (heard, "if (!isSomebodys || !navigator.onLine) return;\n  if (data"))


@fault("F-WEB-10-d", "WEB-10.E5", Part.LOGOUT)
def a_logout_is_given_up_when_the_revocation_fails(real: Logout) -> Logout:
    class Abrupt(Logout):
        def end(self, manager: TokenManager, reason: str = "user") -> bool:
            held = manager.vault.load()
            if held is not None:
                manager.oauth.revoke(held, reason)  # what it raises ends the logout
            manager.forget()
            return True

    return Abrupt(real.revocations)


@fault("F-WEB-10-x5", "WEB-10.E5", Part.ASSETS)
def the_page_goes_only_when_the_server_has_answered(real: Assets) -> Assets:
    return altered(
        real,
        "leaving.js",
        ("  await cover(OUT);\n  await finish();\n}\n\n// The session", "  await finish();\n}\n\n// The session"),
        ("Promise.all([tell(), dropAll()])", "Promise.all([tell()])"),
        ("if (isSomebodys) await cover(OWED);", ""),
    )


@fault("F-WEB-10-x6", "WEB-10.E5", Part.ASSETS)
def a_server_that_did_not_answer_is_never_told(real: Assets) -> Assets:
    return altered(real, "leaving.js", ("timer = setTimeout(goOn, AGAIN);", ""))


def _keeping() -> Mapping[str, str]:
    """Tell a browser to keep its caches at a logout."""
    return {"Clear-Site-Data": '"storage"'} if request.path == "/logout" else {}
