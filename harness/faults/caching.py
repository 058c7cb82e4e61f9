"""Faults of what says who may keep an answer."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request

from harness.faults.registry import fault
from reference_impl.parts import Part
from reference_impl.session_store import StorageStatus
from reference_impl.web.pages import Pages, SignedIn

AddsHeaders = Callable[[Response], Response]


@fault("F-WEB-09-a", "WEB-09.E1", Part.RESPONSE_HEADERS)
def the_token_endpoint_sends_no_cache_control(real: AddsHeaders) -> AddsHeaders:
    return _changing(real, "/token", None)


@fault("F-WEB-09-x1", "WEB-09.E1", Part.RESPONSE_HEADERS)
def the_redirect_with_the_code_may_be_kept(real: AddsHeaders) -> AddsHeaders:
    return _changing(real, "/login", "private, no-cache")


@fault("F-WEB-09-x2", "WEB-09.E1", Part.RESPONSE_HEADERS)
def refusals_of_the_token_endpoint_may_be_kept(real: AddsHeaders) -> AddsHeaders:
    def add_headers(response: Response) -> Response:
        return _changing(real, "/token", "max-age=5")(response) if response.status_code >= 400 else real(response)

    return add_headers


@fault("F-WEB-09-x3", "WEB-09.E2", Part.PAGES)
def pages_stay_in_the_browser_for_ten_minutes(real: Pages) -> Pages:
    class Kept(Pages):
        def headers(self) -> dict[str, str]:
            return {**super().headers(), "Cache-Control": "private, max-age=600"}

    return Kept(real.place)


@fault("F-WEB-09-x4", "WEB-09.E2", Part.PAGES)
def a_script_keeps_pages_for_when_there_is_no_network(real: Pages) -> Pages:
    class Offline(Pages):
        def home(self, session: SignedIn, storage: StorageStatus) -> str:
            script = "<script>caches.open('offline').then(c => c.addAll(['/api/me', '/settings']))</script>"
            return super().home(session, storage).replace("</body>", f"{script}</body>")

        def headers(self) -> dict[str, str]:
            headers = super().headers()
            policy = headers["Content-Security-Policy"]
            return {**headers, "Content-Security-Policy": policy.replace("script-src", "script-src 'unsafe-inline'")}

    return Offline(real.place)


@fault("F-WEB-09-x5", "WEB-09.E3", Part.PAGES)
def pages_may_be_shared_for_a_minute(real: Pages) -> Pages:
    class Shared(Pages):
        def headers(self) -> dict[str, str]:
            return {**super().headers(), "Cache-Control": "max-age=60"}

    return Shared(real.place)


@fault("F-WEB-09-x6", "WEB-09.E3", Part.RESPONSE_HEADERS)
def the_api_says_that_its_answers_are_public(real: AddsHeaders) -> AddsHeaders:
    return _changing(real, "/me", "public, max-age=60")


@fault("F-WEB-09-x7", "WEB-09.E1", Part.PAGES)
def the_answer_that_renews_the_cookie_may_be_kept(real: Pages) -> Pages:
    class Kept(Pages):
        def headers(self) -> dict[str, str]:
            is_renewal = request.path == "/refresh"
            return {**super().headers(), **({"Cache-Control": "private, no-cache"} if is_renewal else {})}

    return Kept(real.place)


@fault("F-WEB-09-x8", "WEB-09.E1", Part.RESPONSE_HEADERS)
def the_answer_to_a_new_note_may_be_kept(real: AddsHeaders) -> AddsHeaders:
    return _changing(real, "/notes", None, "POST")


@fault("F-WEB-09-x9", "WEB-09.E1", Part.RESPONSE_HEADERS)
def the_stream_of_events_may_be_kept(real: AddsHeaders) -> AddsHeaders:
    return _changing(real, "/events", "no-cache")


@fault("F-WEB-09-x10", "WEB-09.E3", Part.RESPONSE_HEADERS)
def a_cdn_is_told_to_keep_what_the_api_answers(real: AddsHeaders) -> AddsHeaders:
    def add_headers(response: Response) -> Response:
        response = real(response)
        if request.path == "/me":
            response.headers["CDN-Cache-Control"] = "public, max-age=60"
        return response

    return add_headers


@fault("F-WEB-09-x11", "WEB-09.E3", Part.PAGES)
def a_surrogate_is_told_to_keep_pages(real: Pages) -> Pages:
    class Kept(Pages):
        def headers(self) -> dict[str, str]:
            return {**super().headers(), "Surrogate-Control": "max-age=60"}

    return Kept(real.place)


def _changing(real: AddsHeaders, path: str, cache_control: str | None, method: str = "") -> AddsHeaders:
    """The same headers, with another Cache-Control at one path, and of one method where it is named."""

    def add_headers(response: Response) -> Response:
        response = real(response)
        if request.path == path and method in ("", request.method):
            for name in ("Cache-Control", "Pragma"):
                response.headers.pop(name, None)
            if cache_control is not None:
                response.headers["Cache-Control"] = cache_control
        return response

    return add_headers
