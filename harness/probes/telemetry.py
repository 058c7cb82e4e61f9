"""Takes whatever a client reports to telemetry: an HTTP server on loopback that keeps all it is sent, in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["TelemetrySink"]

LARGEST = 2**20  # bytes of a report that are kept


class TelemetrySink:
    """Listens until it is closed. `variables` are those by which reporters are told where to report to."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def variables(self) -> Mapping[str, str]:
        """Environment variables of Sentry and OpenTelemetry."""
        place = f"127.0.0.1:{self._server.server_port}"
        return {
            "SENTRY_DSN": f"http://authassay@{place}/1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{place}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
        }

    @property
    def taken(self) -> bytes:
        """All requests so far: lines, headers and bodies."""
        return b"\n".join(self._server.taken)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.taken: list[bytes] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5  # seconds

    def do_GET(self) -> None:
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(min(int(length), LARGEST)) if length.isdecimal() else b""
        self.server.taken.append(f"{self.requestline}\n{self.headers}".encode() + body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""
