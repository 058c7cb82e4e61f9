"""A token endpoint that refuses every request with an answer that repeats it: what a client must not pass on."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["TokenEcho"]

PATH = "/token"


class TokenEcho:
    """Stands between the server and an issuer's application, and lets everything pass until it is told otherwise."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._status: HTTPStatus | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            status = self._status
        if status is None or environ.get("PATH_INFO") != PATH:
            return self._app(environ, start_response)
        said = f"refused: {_body(environ)} (Authorization: {environ.get('HTTP_AUTHORIZATION', 'none')})"
        # invalid_request says nothing about the session (RFC 6749 §5.2), so the client keeps it.
        answer = json.dumps({"error": "invalid_request", "error_description": said}).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [answer]

    @contextmanager
    def lasting(self, status: int) -> Iterator[None]:
        """While it lasts, token requests are answered with this status."""
        self._set(HTTPStatus(status))
        try:
            yield
        finally:
            self._set(None)

    def _set(self, status: HTTPStatus | None) -> None:
        with self._lock:
            self._status = status


def _body(environ: Any) -> str:
    stream: io.BufferedIOBase = environ["wsgi.input"]
    return stream.read(int(environ.get("CONTENT_LENGTH") or 0)).decode("utf-8", "replace")
