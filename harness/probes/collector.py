"""A listener on loopback that keeps whatever it is sent: nobody should come to it."""

from __future__ import annotations

import http.client
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Collector"]

OWN = "/the-harness-itself"
LONGEST_BODY = 65_536  # bytes


class Collector:
    """Answers from its making to `close`. `received` are whole requests, which may hold secrets."""

    def __init__(self) -> None:
        self._server = _Server()
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def received(self) -> tuple[str, ...]:
        return tuple(text for text in list(self._server.received) if OWN not in text)

    def notices(self) -> bool:
        """Whether it sees a request that the harness itself sends it."""
        connection = http.client.HTTPConnection("127.0.0.1", self._server.server_port, timeout=5)
        with suppress(OSError):
            connection.request("GET", OWN)
            connection.getresponse().read()
        connection.close()
        return any(OWN in text for text in self._server.received)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever breaks off has come all the same."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5  # seconds

    def parse_request(self) -> bool:
        """Take every method."""
        if super().parse_request():
            length = self.headers.get("Content-Length", "0")
            body = self.rfile.read(min(int(length), LONGEST_BODY)) if length.isdecimal() else b""
            self.server.received.append(f"{self.requestline}\n{self.headers}\n{body.decode('utf-8', 'replace')}")
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
        self.close_connection = True
        return False

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""
