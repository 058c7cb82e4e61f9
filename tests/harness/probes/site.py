"""A small server on loopback whose pages each test writes itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What the server answers for a path."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Site(ThreadingHTTPServer):
    """Pages by path, on loopback."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, Page] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        page = self.server.pages.get(self.path.partition("?")[0], Page("nothing here", 404))
        self.send_response(page.status)
        headers = {"Content-Type": "text/html; charset=utf-8", **page.headers}
        for name, value in headers.items():
            for line in value.split("\n"):
                self.send_header(name, line)
        self.end_headers()
        self.wfile.write(page.body.encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""
