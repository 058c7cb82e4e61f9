"""The network between the reference's pages, web application, issuer and API: it sees what they ask for when they sync,
and can fail on the way."""

from __future__ import annotations

import errno
import io
import json
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs

from harness.observations import SyncRequest
from harness.observe import Redacts
from harness.redact import LONGEST, SHORTEST, presented_tokens

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["SyncNetwork"]

What = Literal["push", "pull", "api push", "api pull", "api call", "refresh", "token"]
PATHS: dict[str, dict[str, What]] = {
    "web": {"/sync/push": "push", "/sync/pull": "pull", "/refresh": "refresh"},
    "api": {"/sync/push": "api push", "/sync/pull": "api pull", "/me": "api call"},
    "issuer": {"/token": "token"},
}
LATE = 0.5
HELD, KEPT_BACK = "held", "kept back"  # a refresh that is taken and not looked at, or done and not answered
LONGEST_HELD = 60.0  # seconds
ANSWERS = {
    "500": ("500 Internal Server Error", [("Content-Type", "application/json")], b'{"error": "server_error"}'),
    "invalid_grant": (
        "400 Bad Request",
        [("Content-Type", "application/json")],
        b'{"error": "invalid_grant"}',
    ),
    "429": (
        "429 Too Many Requests",
        [("Retry-After", "30"), ("Content-Type", "application/json")],
        b'{"error": "slow"}',
    ),
    "portal": ("200 OK", [("Content-Type", "text/html")], b"<html><body>Welcome to our network!</body></html>"),
}


class SyncNetwork:
    """One stage's. It lets everything pass, unseen, until the first watch."""

    def __init__(self, redactor: Redacts) -> None:
        self._redactor = redactor
        self._lock = threading.Lock()
        self._seen: list[SyncRequest] = []
        self._behaviours: list[str] = []
        self._losing = 0
        self.clears_site_data = True  # as browsers do that know the header; others must be let do without it
        self.given_late = 0  # answers that were kept back
        self._is_watched = False
        self._watch = 0  # what came before the watch began is none of it
        self._began = time.monotonic()
        self.travelled = 0.0  # seconds that were skipped

    def around(self, place: str, app: WSGIApplication) -> WSGIApplication:
        """An application as its clients meet it through this network."""
        paths = PATHS[place]

        def between(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            what = paths.get(str(environ.get("PATH_INFO")))
            start_response = start_response if self.clears_site_data else _keeping(start_response)
            if what is None or not self._is_watched:
                return app(environ, start_response)
            return self._pass(what, app, environ, start_response)

        return between

    def forget(self) -> None:
        with self._lock:
            self._seen.clear()
            self._watch += 1
            self._is_watched = True
            self._began, self.travelled = time.monotonic(), 0.0

    def rest(self) -> None:
        """Let everything pass unseen until the next watch."""
        self.behave()
        self.lose(0)
        self.clears_site_data = True
        self._is_watched = False

    def seen(self) -> tuple[SyncRequest, ...]:
        with self._lock:
            return tuple(sorted(self._seen, key=lambda request: request.at))

    def behave(self, *behaviours: str) -> None:
        """How refreshes are answered from now on."""
        with self._lock:
            self._behaviours = list(behaviours)

    def lose(self, number: int) -> None:
        with self._lock:
            self._losing = number

    @property
    def now(self) -> float:
        return round(time.monotonic() - self._began + self.travelled, 3)

    def _pass(
        self, what: What, app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        watch, at, sent = self._watch, self.now, _body(environ)
        if what == "token" and parse_qs(sent).get("grant_type") != ["refresh_token"]:
            return app(environ, start_response)
        try:
            status, headers, body = self._answer(what, app, environ)
        except ConnectionResetError:
            self._note(watch, what, at, None, environ, sent, b"")
            raise  # to the server this is a client that has gone
        self._note(watch, what, at, status, environ, sent, body)
        start_response(_line(status), headers)
        return [body]

    def _answer(self, what: What, app: WSGIApplication, environ: WSGIEnvironment) -> tuple[int, list[Any], bytes]:
        behaviour = ""
        if what == "token":
            behaviour = self._next_behaviour()
            if behaviour in ANSWERS:
                line, headers, body = ANSWERS[behaviour]
                return int(line[:3]), [*headers, ("Content-Length", str(len(body)))], body
            if behaviour == "reset":
                raise ConnectionResetError(errno.ECONNRESET, "the network failed")
            if behaviour == "late":
                time.sleep(LATE)
            if behaviour == HELD:
                self._hold(HELD)
        status, headers, body = _call(app, environ)
        if what == "token" and behaviour == KEPT_BACK:
            self._hold(KEPT_BACK)
            self.given_late += 1
        if what == "api push" and self._is_lost():
            raise ConnectionResetError(errno.ECONNRESET, "the network failed")
        return status, headers, body

    def _hold(self, behaviour: str) -> None:
        """Come back when refreshes are answered otherwise."""
        end = time.monotonic() + LONGEST_HELD
        while self._behaviours[:1] == [behaviour] and time.monotonic() < end:
            time.sleep(0.02)

    def _next_behaviour(self) -> str:
        with self._lock:
            if not self._behaviours:
                return "pass"
            return self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]

    def _is_lost(self) -> bool:
        with self._lock:
            self._losing -= 1
            return self._losing >= 0

    def _note(
        self, watch: int, what: What, at: float, status: int | None, environ: Any, sent: str, body: bytes
    ) -> None:
        given = str(environ.get("HTTP_AUTHORIZATION", ""))
        token = given.removeprefix("Session ") if what in ("push", "pull") else ""
        if what.startswith("api") and given.startswith("Bearer "):
            token = self._mark(given.removeprefix("Bearer "))
        if what in ("refresh", "token") and status == 200:
            told = _json(body.decode("utf-8", "replace"))
            token = str(told.get("handle", "")).removeprefix("Session ")
            if what == "token" and isinstance(told.get("access_token"), str):
                token = self._mark(told["access_token"])
        spent = self._mark(parse_qs(sent).get("refresh_token", [""])[0], "refresh_token") if what == "token" else ""
        told = _json(sent)
        pushed = told.get("mutations", []) if what.endswith("push") else []
        mutations = tuple(f"{one.get('clientID')} {one.get('id')}" for one in pushed if isinstance(one, dict))
        group = str(told.get("clientGroupID", ""))
        client = str(environ.get("HTTP_X_REPLICACHE_REQUESTID", "")).rsplit("-", 2)[0]
        with self._lock:
            if watch != self._watch:
                return
            self._seen.append(SyncRequest(what, at, self.now, status, token, spent, mutations, group, client))

    def _mark(self, token: str, role: str = "access_token") -> str:
        """The mark of a token; what is no token by its form or length is nobody's secret, and told by its length."""
        if presented_tokens(token) != [token] or not SHORTEST <= len(token) <= LONGEST:
            return f"({len(token)} characters)"
        return self._redactor.register(token, role)


def _call(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[int, list[Any], bytes]:
    """What an application answers, whole."""
    began: list[Any] = []

    def start_response(line: str, headers: list[Any], exc_info: Any = None) -> Any:
        began[:] = [int(line[:3]), headers]
        return lambda data: None

    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if callable(close := getattr(chunks, "close", None)):
            close()
    return began[0], began[1], body


def _keeping(start_response: StartResponse) -> StartResponse:
    """Answers without the header by which a server has a browser clear what it keeps."""

    def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        return start_response(status, [one for one in headers if one[0] != "Clear-Site-Data"], *error)

    return start


def _line(status: int) -> str:
    return f"{status} -"


def _body(environ: Any) -> str:
    """The body of a request, which the application can still read."""
    content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(content)
    return str(content.decode("utf-8", "replace"))


def _json(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
