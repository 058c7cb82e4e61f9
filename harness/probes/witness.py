"""Servers that see what a browser sends them: another name of the site over https, and the site over plain http.

Browsers count `http://*.localhost` as trustworthy and send it Secure cookies (W3C Secure Contexts §3.1), which they do
to no other name. So what plain http is sent is witnessed under a stand-in for the host, `app.example.localhost.test`,
that sets the very same cookies.
"""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

__all__ = ["Visit", "Witness", "on_stand_in", "stand_in"]

_STAND_IN = ".test"  # reserved: it exists nowhere (RFC 6761 §6.2)


@dataclass(frozen=True)
class Visit:
    """A request for a page: the host it named and its Cookie header, "" where it had none."""

    host: str
    cookies: str


def stand_in(host: str) -> str:
    """The name that stands for a loopback name."""
    return f"{host}{_STAND_IN}"


def on_stand_in(set_cookie: str) -> str:
    """A Set-Cookie value as the stand-in sets it: the same, but for the name in its Domain."""
    return re.sub(r"(?i)(;\s*domain\s*=\s*[^;\s]+)", rf"\1{_STAND_IN}", set_cookie)


class Witness:
    """An https and an http server on loopback, for whatever host they are asked under. A context manager."""

    def __init__(self, cert_file: Path | None = None) -> None:
        """`cert_file`: key and certificate chain (PEM); without it there is no https."""
        self._ends = ExitStack()
        self._servers = {"http": _Server(None)}
        if cert_file is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(cert_file)
            self._servers["https"] = _Server(tls)
        for server in self._servers.values():
            server.start(self._ends)

    def url(self, scheme: str, host: str) -> str:
        """Where this host is witnessed: a port of its own, for cookies do not keep ports apart (RFC 6265 §8.5)."""
        return f"{scheme}://{host}:{self._servers[scheme].server_port}/witness"

    def set_cookies(self, lines: Sequence[str]) -> None:
        """From now on, answer over https with these Set-Cookie values."""
        self._servers["https"].set_cookies = tuple(lines)

    def visits(self, scheme: str) -> tuple[Visit, ...]:
        return tuple(self._servers[scheme].visits)

    def close(self) -> None:
        self._ends.close()

    def __enter__(self) -> Witness:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.visits: list[Visit] = []
        self.set_cookies: tuple[str, ...] = ()
        if tls is not None:
            # The handshake is the handler's: a client that never finishes it must not hold up the others.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def start(self, ends: ExitStack) -> None:
        ends.callback(self.server_close)
        ends.callback(self.shutdown)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser opens connections that it does not use; that is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5  # seconds

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/witness":
            self.server.visits.append(Visit(self.headers.get("Host", ""), self.headers.get("Cookie", "")))
        body = b"<!doctype html><title>witness</title>"
        self.send_response(200 if path == "/witness" else 404)
        cookies = [("Set-Cookie", line) for line in self.server.set_cookies]
        for name, value in (("Content-Type", "text/html"), ("Content-Length", str(len(body))), *cookies):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""
