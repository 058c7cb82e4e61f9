"""A counter at the key set of the reference's issuers: who asks for it, by the name of his user agent."""

from __future__ import annotations

import threading

from flask import Flask, Response, request

__all__ = ["KeyRequests"]

PATH = "/.well-known/jwks.json"


class KeyRequests:
    """Counts from `attach` on; changes nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._visits: list[str] = []

    def attach(self, app: Flask) -> None:
        """Before the application's first request."""
        app.after_request(self._look)

    def forget(self) -> None:
        with self._lock:
            self._visits.clear()

    def visits(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._visits)

    def _look(self, response: Response) -> Response:
        if request.path == PATH:
            with self._lock:
                self._visits.append(request.headers.get("User-Agent", "somebody without a name"))
        return response
