"""Faults of a web client that lets other people's pages act with a session, and of CORS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, has_request_context, request

from harness.faults.registry import fault
from reference_impl.parts import Part
from reference_impl.web.pages import Pages

Route = tuple[str, str, Callable[..., Response]]
Guard = Callable[[str, str | None, str | None], bool]


@fault("F-WEB-06-a", "WEB-06.E1", Part.WEB_ROUTES)
def logout_works_by_get_without_proof(real: tuple[Route, ...]) -> tuple[Route, ...]:
    logout = next(view for rule, _, view in real if rule == "/logout")

    def logout_by_link(**named: Any) -> Response:
        return logout(**named)

    return (*real, ("/logout", "GET", logout_by_link))


@fault("F-WEB-06-b", "WEB-06.E1", Part.ORIGIN_GUARD)
def the_sender_is_checked_only_where_it_is_named(real: Guard) -> Guard:
    return lambda own, sender, site: (sender is None and site is None) or real(own, sender, site)


@fault("F-WEB-06-x1", "WEB-06.E1", Part.ORIGIN_GUARD)
def the_senders_origin_need_only_begin_like_its_own(real: Guard) -> Guard:
    return lambda own, sender, site: (site is None and (sender or "").startswith(own)) or real(own, sender, site)


@fault("F-WEB-06-x2", "WEB-06.E2", Part.ORIGIN_GUARD)
def the_same_site_is_taken_for_the_same_origin(real: Guard) -> Guard:
    """SameSite cookies and `same-site` say nothing of a sibling subdomain (ASVS 5.0.0 3.5.3)."""
    return lambda own, sender, site: (site == "same-site" and sender != own) or real(own, sender, site)


@fault("F-WEB-06-c", "WEB-06.E3", Part.PAGES)
def the_origin_is_reflected_with_credentials(real: Pages) -> Pages:
    class Reflecting(Pages):
        def headers(self) -> dict[str, str]:
            origin = request.headers.get("Origin") if has_request_context() else None
            allowed = {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
            return {**super().headers(), **(allowed if origin else {})}  # type: ignore[dict-item]

    return Reflecting(real.place)


@fault("F-WEB-06-x3", "WEB-06.E3", Part.RESPONSE_HEADERS)
def every_endpoint_is_open_to_all_origins(real: Callable[[Response], Response]) -> Callable[[Response], Response]:
    """Also the authorization endpoint, which no script has any business with (RFC 9700 §2.6)."""

    def open_to_all(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        return real(response)

    return open_to_all


@fault("F-WEB-06-x4", "WEB-06.E4", Part.ORIGIN_GUARD)
def only_forms_may_act(real: Guard) -> Guard:
    """The client's own script names its origin, where its forms name none; it is refused."""
    return lambda own, sender, site: sender == "null" and real(own, sender, site)
