"""The three kinds of answers of the web client, each with the cookies that it sets."""

from __future__ import annotations

from flask import Response, jsonify


def html(page: str, status: int = 200, *cookies: str) -> Response:
    """Answer with a page."""
    return _with_cookies(Response(page, status, content_type="text/html; charset=utf-8"), cookies)


def json(status: int, body: object, *cookies: str) -> Response:
    """Answer page script."""
    response = jsonify(body)
    response.status_code = status
    return _with_cookies(response, cookies)


def redirect(location: str, *cookies: str) -> Response:
    """Redirect by 303, so that a POST is not sent again (RFC 9700 §4.12)."""
    return _with_cookies(Response(status=303, headers={"Location": location}), cookies)


def clear(response: Response) -> Response:
    """Tell the browser to keep nothing of this origin (W3C Clear-Site-Data); the cookies are deleted by name."""
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _with_cookies(response: Response, cookies: tuple[str, ...]) -> Response:
    for cookie in cookies:
        response.headers.add("Set-Cookie", cookie)
    return response
