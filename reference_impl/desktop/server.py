"""The loopback listener of the window: plain HTTP, on 127.0.0.1 only, on a port of the system's choice."""

from __future__ import annotations

import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from reference_impl.desktop.exchange import Answer, Request
from reference_impl.desktop.window import Window

_log = logging.getLogger(__name__)

_LONGEST_BODY = 65_536  # bytes; the window's forms are empty


class LoopbackServer(ThreadingHTTPServer):
    """Listens at once; answers when `serve` was given the window."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port: int = self.server_address[1]
        self.window: Window | None = None

    def handle_error(self, request: object, client_address: object) -> None:
        """Say that a connection failed; Python would print what it carried with the traceback."""
        _log.debug("a connection failed", exc_info=True)

    def serve(self, window: Window) -> None:
        """Answer in a thread of its own, which ends with the process."""
        self.window = window
        threading.Thread(target=self.serve_forever, args=(0.02,), name="window", daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: LoopbackServer
    server_version = "window"
    sys_version = ""
    timeout = 10  # seconds for a client to send its request

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _LONGEST_BODY:
            self.send_error(413)
            return
        self.rfile.read(int(length))
        self._handle()

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the path of a one-time link is a secret."""

    def _handle(self) -> None:
        window = self.server.window
        if window is None:
            self.send_error(503)
            return
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            answer = window.answer(Request(self.command, path, query, headers))
        except Exception:  # noqa: BLE001 the window goes on
            _log.exception("a page failed")  # named only: its message may hold what was asked
            answer = Answer(500, b"<!doctype html><title>Failed</title><p>Something went wrong. Please try again.")
        self._send(answer, window.pages.headers())

    def _send(self, answer: Answer, common: dict[str, str]) -> None:
        self.send_response(answer.status)
        sized = ("Content-Length", str(len(answer.body)))
        for name, value in (*common.items(), ("Content-Type", answer.content_type), sized, *answer.headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
