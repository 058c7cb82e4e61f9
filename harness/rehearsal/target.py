"""The rehearsal's target: a login endpoint on loopback that answers with the secrets it was given."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

import allure

from harness.probes.clients import HttpClient, new_client
from harness.probes.http import Answer
from harness.targets.base import BaseTarget

__all__ = ["RehearsalTarget"]

TERMS = b"These terms are long. " * 4_000  # 88 KB


class RehearsalTarget(BaseTarget):
    """Answers a login with `access_token` and sets `session_cookie`; `password` is what one logs in with. Its terms are
    so long that an observation's body lies in a file of its own."""

    name = "rehearsal"
    version = "1"
    stages = ("dev",)

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self.password = secrets["password"]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(secrets))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/login"

    @property
    def long_url(self) -> str:
        return self.url.replace("/login", "/terms")

    def new_client(self) -> HttpClient:
        return new_client()

    def save_har(self, answer: Answer) -> None:
        """Attach the exchange as a HAR, with the cookie in it, the way a browser would write one."""
        headers = [{"name": name, "value": value} for name, value in answer.headers.items()]
        entry = {"request": {"url": self.url}, "response": {"headers": headers, "content": {"text": answer.text}}}
        har = {"log": {"version": "1.2", "entries": [entry]}}
        allure.attach(json.dumps(har), "login.har", allure.attachment_type.JSON)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(secrets: Mapping[str, str]) -> type[BaseHTTPRequestHandler]:
    class Login(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(TERMS, "text/plain")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.dumps({"access_token": secrets["access_token"], "token_type": "Bearer"}).encode()
            self._answer(
                body, "application/json", {"Set-Cookie": f"session={secrets['session_cookie']}; HttpOnly; Path=/"}
            )

        def _answer(self, body: bytes, type: str, headers: Mapping[str, str] = MappingProxyType({})) -> None:
            self.send_response(200)
            self.send_header("Content-Type", type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Login
