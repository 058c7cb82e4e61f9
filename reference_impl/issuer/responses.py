"""The issuer's answers to browsers: pages that keep to themselves, and redirects that name who answers."""

from __future__ import annotations

from urllib.parse import urlsplit

from authlib.common.urls import add_params_to_uri
from flask import Response, make_response, redirect, render_template, request

from reference_impl.config import StageConfig

BROWSER_COOKIE = "__Host-login"


def show_page(
    template: str, status: int, config: StageConfig, redirect_uri: str | None = None, **values: str
) -> Response:
    """Return a page that runs no script, loads nothing foreign and cannot be framed.

    ``redirect_uri``: where its form's answer will lead; browsers check form-action along redirects too.
    """
    response = make_response(render_template(template, stage=config.stage, **values), status)
    targets = "'self'"
    if redirect_uri is not None:
        parts = urlsplit(redirect_uri)
        targets += f" {parts.scheme}://{parts.netloc}"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; form-action {targets}; frame-ancestors 'none'; base-uri 'none'"
    )
    return response


def redirect_back(config: StageConfig, redirect_uri: str, state: str | None, **params: str) -> Response:
    """Return to the client with ``params``, its state, and the issuer's identifier (RFC 9207 §2).

    303, so that no browser posts the user's password to the client (RFC 9700 §4.12).
    """
    answer = [*params.items(), *([("state", state)] if state is not None else []), ("iss", config.issuer)]
    response = make_response(redirect(add_params_to_uri(redirect_uri, answer), 303))
    response.data = b""
    return response


def browser_secret() -> str | None:
    """Return the secret that binds login pages to the browser that asks, if it sent one."""
    return request.cookies.get(BROWSER_COOKIE) or None


def bind_browser(response: Response, secret: str) -> None:
    """Give the browser its secret; a page of another site can neither read it nor have it sent with a POST."""
    response.set_cookie(BROWSER_COOKIE, secret, secure=True, httponly=True, samesite="Lax", path="/")
