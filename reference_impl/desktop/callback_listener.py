"""The loopback listener for the answer to one sign-in (RFC 8252 §7.3): it exists for as long as one is awaited.

It is bound to 127.0.0.1 on a port of the system's choice, and closes when the sign-in was answered, given up, or took
too long (RFC 8252 §8.3). For a moment longer it answers whoever comes late, with 410.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from reference_impl.desktop.exchange import Answer, Request

_log = logging.getLogger(__name__)

LINGER = 0.5  # seconds that it answers on when no answer is awaited any more; then the port is given back
_LOOK = 0.1  # seconds between looks whether an answer is still awaited
_LONGEST_BODY = 65_536  # bytes that are read of a request before it is refused


class CallbackListener(ThreadingHTTPServer):
    """Bound at once; answers when it is served. Safe to close twice."""

    daemon_threads = True
    timeout = _LOOK

    def __init__(self, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        super().__init__(address, _Handler)
        self.port: int = self.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.answer: Callable[[Request], Answer] | None = None
        self.common: dict[str, str] = {}
        self._closed = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say that a connection failed; Python would print what it carried with the traceback."""
        _log.debug("a connection failed", exc_info=True)

    def serve(
        self, answer: Callable[[Request], Answer], common: dict[str, str], is_awaited: Callable[[], bool]
    ) -> None:
        """Answer in a thread of its own while an answer is awaited; ``common``: headers of every answer."""
        self.answer, self.common = answer, common
        threading.Thread(target=self._run, args=(is_awaited,), name=f"callback:{self.port}", daemon=True).start()

    def close(self) -> None:
        """Give the port back: at once where nobody serves it, else within 0.1 s."""
        self._closed.set()
        if self.answer is None:
            self.server_close()

    def _run(self, is_awaited: Callable[[], bool]) -> None:
        try:
            while is_awaited() and not self._closed.is_set():
                self.handle_request()
            end = time.monotonic() + LINGER
            while time.monotonic() < end and not self._closed.is_set():
                self.handle_request()
        finally:
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: CallbackListener
    server_version = "callback"
    sys_version = ""
    timeout = 5  # seconds for a client to send its request
    error_message_format = "refused\n"
    error_content_type = "text/plain"

    def parse_request(self) -> bool:
        """Give every method to `_handle`, which leaves it to the answer to refuse one."""
        parsed = super().parse_request()
        if parsed:
            self._handle()
        return False  # Python would look for a function of the method's name, and answer 501

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the path of a callback holds a code."""

    def _handle(self) -> None:
        answer = self.server.answer
        if answer is None or self.request_version == "HTTP/0.9":  # which knows no status, and no Host
            self.close_connection = True
            return
        length = self.headers.get("Content-Length", "0")
        if length.isdecimal():  # a body that nobody read would reset the connection under the answer
            self.rfile.read(min(int(length), _LONGEST_BODY))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            self._send(answer(Request(self.command, path, query, headers)))
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 the listener goes on
            _log.exception("an answer could not be taken")  # named only: its message may hold what was asked
            self._send(Answer(500, b"<!doctype html><title>Failed</title><p>Something went wrong. Please try again."))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        sized = ("Content-Length", str(len(answer.body)))
        common = self.server.common.items()
        for name, value in (*common, ("Content-Type", answer.content_type), sized, *answer.headers):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
