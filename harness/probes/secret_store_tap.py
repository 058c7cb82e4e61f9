"""A tap on SSM Parameter Store: hands requests on, notes what was asked for, and withholds what it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

__all__ = ["SecretStoreTap"]

SECONDS = 20.0  # for the store to answer
KEPT = ("content-type", "x-amzn-requestid")
ASKED = ("Name", "Names", "Path")  # where a request to SSM names what it wants
HOP = frozenset({"host", "connection", "transfer-encoding", "content-length"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked did not wait for the answer; nothing is printed."""


class SecretStoreTap:
    """Listens on the loopback address. `withheld` maps the full name of a parameter to `missing` or `empty`."""

    def __init__(self, store: str, withheld: Mapping[str, str]) -> None:
        self._store, self._withheld = urlsplit(store), withheld
        self._names: list[str] = []
        self._lock = threading.Lock()
        tap = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                tap._answer(self)

            do_GET = do_PUT = do_HEAD = do_POST  # noqa: N815  # as the library looks for them

            def log_message(self, format: str, *arguments: Any) -> None:
                """Nothing is printed."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def names(self) -> tuple[str, ...]:
        """What was asked for so far, and what was answered, in order."""
        with self._lock:
            return tuple(self._names)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self._note(_asked(handler.headers.get("X-Amz-Target", ""), handler.path, body))
        connection = HTTPConnection(self._store.hostname or "", self._store.port, timeout=SECONDS)
        try:
            sent = {name: value for name, value in handler.headers.items() if name.lower() not in HOP}
            connection.request(handler.command, handler.path, body, {**sent, "Host": self._store.netloc})
            came = connection.getresponse()
            told = self._without(came.read())
            handler.send_response(came.status)
            for name, value in came.getheaders():
                if name.lower() in KEPT:
                    handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(told)))
            handler.end_headers()
            handler.wfile.write(told)
        finally:
            connection.close()

    def _without(self, body: bytes) -> bytes:
        """The answer without what is withheld; the names in it are noted."""
        try:
            answer = json.loads(body)
        except ValueError:
            return body
        if not isinstance(answer, dict) or not isinstance(answer.get("Parameters"), list):
            if isinstance(answer, dict) and isinstance(answer.get("Parameter"), dict):
                self._note([str(answer["Parameter"].get("Name", ""))])
            return body
        kept = [one for one in answer["Parameters"] if self._withheld.get(one["Name"]) != "missing"]
        emptied = [{**one, "Value": ""} if one["Name"] in self._withheld else one for one in kept]
        self._note([one["Name"] for one in emptied])
        return json.dumps({**answer, "Parameters": emptied}).encode()

    def _note(self, names: list[str]) -> None:
        with self._lock:
            self._names += names


def _asked(target: str, path: str, body: bytes) -> list[str]:
    """The names and paths that a request asks for; of what is not SSM's, the path of its URL."""
    if not target.startswith("AmazonSSM."):
        return [urlsplit(path).path] if not target else []
    try:
        request = json.loads(body)
    except ValueError:
        return []
    named = [request[key] for key in ASKED if key in request]
    return [str(name) for one in named for name in (one if isinstance(one, list) else [one])]
