"""What comes to an application of the reference, as its server sees it: each request with its answer's status."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from harness.observations import ReceivedRequest

__all__ = ["RequestTap"]


class RequestTap:
    """Looks on from its making to `close`, and changes nothing."""

    def __init__(self, app: Flask, cookie: str = "") -> None:
        """`cookie`: the name of the session's cookie."""
        self.received: list[ReceivedRequest] = []
        self._app, self._real, self._cookie = app, app.wsgi_app, cookie
        app.wsgi_app = self._look  # type: ignore[method-assign]  # as Flask's docs tell

    def wait(self, before: int, seconds: float = 5.0) -> tuple[ReceivedRequest, ...]:
        """What came after the first `before` requests; waits for one at most so long, and then for none to follow."""
        end, known = time.monotonic() + seconds, before
        while time.monotonic() < end and len(self.received) == before:
            time.sleep(0.005)
        while len(self.received) > known and time.monotonic() < end:
            known = len(self.received)
            time.sleep(0.02)
        return tuple(self.received[before:])

    def close(self) -> None:
        self._app.wsgi_app = self._real  # type: ignore[method-assign]

    def _look(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            self.received.append(
                ReceivedRequest(
                    method=environ["REQUEST_METHOD"],
                    path=environ["PATH_INFO"],
                    status=int(status.split()[0]),
                    cookie=bool(self._cookie) and f"{self._cookie}=" in environ.get("HTTP_COOKIE", ""),
                    origin=environ.get("HTTP_ORIGIN", ""),
                )
            )
            return start_response(status, headers, error)

        return self._real(environ, start)
