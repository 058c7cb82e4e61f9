"""A network that fails on the way to the reference's revocation endpoint: connections end without an answer."""

from __future__ import annotations

import errno
import io
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from harness.observations import HttpExchange
from harness.observe import Recorder

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["RevocationOutage"]

PATH = "/revoke"


class RevocationOutage:
    """Stands between the server and an issuer's application, and lets everything pass until it is told otherwise."""

    def __init__(self, stage: str, app: WSGIApplication) -> None:
        self._stage, self._app = stage, app
        self._lock = threading.Lock()
        self._witnesses: list[tuple[Recorder, str]] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            witnesses = list(self._witnesses)
        if not witnesses or environ.get("PATH_INFO") != PATH:
            return self._app(environ, start_response)
        body = _body(environ)
        for recorder, case in witnesses:
            recorder.record(self._exchange(case, environ, body))
        # To the server this is a client that has gone: it closes the connection, and says nothing.
        raise ConnectionResetError(errno.ECONNRESET, "the network failed")

    @contextmanager
    def lasting(self, recorder: Recorder, case: str) -> Iterator[None]:
        """While it lasts, requests for revocation end without an answer; each is recorded under `case`."""
        entry = (recorder, case)
        with self._lock:
            self._witnesses.append(entry)
        try:
            yield
        finally:
            with self._lock:
                self._witnesses.remove(entry)

    def _exchange(self, case: str, environ: Any, body: str) -> HttpExchange:
        client = parse_qs(body).get("client_id", [""])[0]
        return HttpExchange(
            case=case,
            about={"role": "tap", "stage": self._stage, "client": client},
            method=str(environ["REQUEST_METHOD"]),
            url=f"https://{environ.get('HTTP_HOST', '')}{PATH}",
            request_body=body,
            status=None,
            error="the connection was ended without an answer",
        )


def _body(environ: Any) -> str:
    stream: io.BufferedIOBase = environ["wsgi.input"]
    return stream.read(int(environ.get("CONTENT_LENGTH") or 0)).decode("utf-8", "replace")
