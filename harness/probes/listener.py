"""A listener on loopback that nobody should come to: an attacker's key set and certificate lie there.

It counts connections, so that whoever comes is noticed, also one who wants TLS and gets none.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any

from harness.observations import Visits
from harness.observe import Recorder

__all__ = ["CanaryListener"]

LONGEST = 2000  # bytes that are read of a request
PATIENCE = 2.0  # seconds
OWN = "/the-harness-itself"


class CanaryListener:
    """Answers from its making to `close`."""

    def __init__(self, jwks: Mapping[str, Any], certificate: bytes) -> None:
        """`certificate` in PEM."""
        self._bodies = {"/keys.json": json.dumps(jwks).encode(), "/certificate.pem": certificate}
        self._visits: list[str] = []
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._port = self._socket.getsockname()[1]
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def url(self, path: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self._port}{path}"

    def observe(self, case: str, recorder: Recorder, **about: str) -> Visits:
        """Who came so far. The harness comes itself first, to show that a visit is noticed."""
        self._come()
        with self._lock:
            visits = tuple(self._visits)
        return recorder.record(
            Visits(
                case=case,
                about=about,
                place="a listener that only forged tokens name",
                visits=tuple(visit for visit in visits if OWN not in visit),
                noticed=any(OWN in visit for visit in visits),
                seconds=round(time.monotonic() - self._began, 3),
            )
        )

    def close(self) -> None:
        self._socket.close()
        self._thread.join(timeout=PATIENCE)

    def _come(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port), PATIENCE) as visitor:
            visitor.sendall(f"GET {OWN} HTTP/1.0\r\n\r\n".encode())
            while visitor.recv(LONGEST):
                pass

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._receive, args=(visitor,), daemon=True).start()

    def _receive(self, visitor: socket.socket) -> None:
        with visitor:
            visitor.settimeout(PATIENCE)
            try:
                asked = visitor.recv(LONGEST)
            except OSError:
                asked = b""
            line = asked.split(b"\r\n")[0].decode("ascii", "replace") if asked[:1].isalpha() else "no request of HTTP"
            with self._lock:
                self._visits.append(line)
            self._answer(visitor, line)

    def _answer(self, visitor: socket.socket, line: str) -> None:
        path = [*line.split(" "), ""][1]
        body = self._bodies.get(path, b"")
        head = f"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        try:
            visitor.sendall(head.encode() + body)
        except OSError:
            return
