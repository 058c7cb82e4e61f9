"""Faults of the policies of pages (CSP)."""

from __future__ import annotations

from flask import g, has_request_context

from harness.faults.registry import fault
from reference_impl.desktop.shell.pages import AppPages
from reference_impl.parts import Part
from reference_impl.session_store import StorageStatus
from reference_impl.web.pages import Pages

POLICY = "Content-Security-Policy"


def _with(real: Pages, old: str, new: str) -> Pages:
    """The pages with one thing of their policy replaced by another."""

    class Changed(Pages):
        def headers(self) -> dict[str, str]:
            headers = super().headers()
            return {**headers, POLICY: headers[POLICY].replace(old, new)}

    return Changed(real.place)


@fault("F-WEB-11-a", "WEB-11.E1", Part.PAGES)
def scripts_may_eval(real: Pages) -> Pages:
    return _with(real, "script-src 'self'", "script-src 'self' 'unsafe-eval'")


@fault("F-WEB-11-c", "WEB-11.E3", Part.PAGES)
def the_error_page_may_be_framed(real: Pages) -> Pages:
    class Careless(Pages):
        def message(self, title: str, text: str, storage: StorageStatus, *, onward: bool = True) -> str:
            if has_request_context():
                g.is_error = True
            return super().message(title, text, storage, onward=onward)

        def headers(self) -> dict[str, str]:
            headers = super().headers()
            if has_request_context() and g.get("is_error"):
                headers[POLICY] = headers[POLICY].replace("; frame-ancestors 'none'", "")
            return headers

    return Careless(real.place)


@fault("F-WEB-11-x1", "WEB-11.E2", Part.PAGES)
def scripts_may_stand_in_the_page(real: Pages) -> Pages:
    return _with(real, "script-src 'self'", "script-src 'self' 'unsafe-inline'")


@fault("F-WEB-11-x2", "WEB-11.E2", Part.PAGES)
def the_page_may_ask_any_host(real: Pages) -> Pages:
    return _with(real, "connect-src 'self'", "connect-src 'self' https:")


@fault("F-WEB-11-x3", "WEB-11.E1", Part.PAGES)
def the_base_of_links_may_be_moved(real: Pages) -> Pages:
    return _with(real, "base-uri 'none'; ", "")


@fault("F-WEB-11-x4", "WEB-11.E1", Part.PAGES)
def the_policy_is_only_reported(real: Pages) -> Pages:
    class ReportOnly(Pages):
        def headers(self) -> dict[str, str]:
            headers = super().headers()
            policy = headers.pop(POLICY)
            return {**headers, f"{POLICY}-Report-Only": policy}

    return ReportOnly(real.place)


class _Laxer(AppPages):
    """The shell's pages with one thing of their policy replaced by another."""

    def __init__(self, real: AppPages, old: str, new: str) -> None:
        self._real, self._old, self._new = real, old, new

    def read(self, url: str) -> tuple[bytes, str, dict[str, str]] | None:
        if (found := self._real.read(url)) is None:
            return None
        body, kind, headers = found
        return body, kind, {name: text.replace(self._old, self._new) for name, text in headers.items()}


@fault("F-WEB-11-x5", "WEB-11.E2", Part.SHELL_PAGES)
def the_shells_page_may_run_what_stands_in_it(real: AppPages) -> AppPages:
    return _Laxer(real, "script-src 'self'", "script-src 'self' 'unsafe-inline'")


@fault("F-WEB-11-x6", "WEB-11.E2", Part.SHELL_PAGES)
def the_shells_page_may_ask_any_host(real: AppPages) -> AppPages:
    return _Laxer(real, "connect-src 'none'", "connect-src *")
