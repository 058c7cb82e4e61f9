"""What arrives at the hosts of the reference's stages, while it is looked at. One stage's API answers as told."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from harness.targets.reference_host import ReferenceHost

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Arrival", "Arrivals"]


@dataclass(frozen=True)
class Arrival:
    """A request: when, at which host and path, and all of it that can hold a credential."""

    at: float
    host: str
    path: str
    text: str = field(repr=False)


class Arrivals:
    """From its making to `close`."""

    def __init__(self, target: ReferenceHost, stage: str) -> None:
        """`stage`: whose API may be told how to answer."""
        self._ends, self._arrived = ExitStack(), list[Arrival]()
        self._status, self._to = 0, ""
        self.delay = 0.0  # seconds before the API's notes are answered
        for name, running in target.reference.stages.items():
            for host, app in running.app.apps.items():
                self._attach(host, app, name == stage and running.config.host(running.config.api_url) == host)

    def redirect(self, status: int, to: str) -> None:
        """Have the API redirect; 0: answer by itself."""
        self._status, self._to = status, to

    def take(self) -> list[Arrival]:
        """What arrived since the last call."""
        arrived, self._arrived = self._arrived, []
        return arrived

    def close(self) -> None:
        self._ends.close()

    def _attach(self, host: str, app: Any, is_api: bool) -> None:
        inner: WSGIApplication = app.wsgi_app

        def noting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            sent, path = (
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
                str(environ.get("PATH_INFO")),
            )
            environ["wsgi.input"] = io.BytesIO(sent)
            parts = (
                environ.get("QUERY_STRING", ""),
                environ.get("HTTP_AUTHORIZATION", ""),
                sent.decode("utf-8", "replace"),
            )
            self._arrived.append(Arrival(monotonic(), host, path, " ".join(parts)))
            if is_api and self._status:
                start_response(
                    f"{self._status} Elsewhere", [("Location", f"{self._to}{path}"), ("Content-Length", "0")]
                )
                return [b""]
            if is_api and path == "/notes":
                sleep(self.delay)
            return inner(environ, start_response)

        app.wsgi_app = noting
        self._ends.callback(setattr, app, "wsgi_app", inner)
