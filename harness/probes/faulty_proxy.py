"""A network that fails on the way to an HTTP service: a small TCP proxy on loopback, transparent until it is told.

pass        everything goes through
reset       the connection is reset once the request has come
stall       the request is taken, and nothing is answered for as long as this lasts
truncate    the answer ends in its middle
500 429 503 answered by the proxy, in the words of AWS
partial     of a PutEvents request the first entry is kept back, and reported as throttled
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Mapping

__all__ = ["FAILURES", "FaultyProxy"]

FAILURES = ("reset", "stall", "truncate", "500", "429", "503", "partial")
ERRORS: Mapping[str, tuple[str, str]] = {
    "500": ("500 Internal Server Error", "InternalException"),
    "429": ("429 Too Many Requests", "ThrottlingException"),
    "503": ("503 Service Unavailable", "ServiceUnavailable"),
}
CHUNK = 65_536
TIMEOUT = 30.0  # seconds for either side of one exchange


class FaultyProxy:
    """Stands before `host:port`; its own address is `url`. `mode` may be set at any time."""

    def __init__(self, host: str, port: int) -> None:
        self.mode = "pass"
        self.requests = 0
        self._upstream = (host, port)
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, name="faulty proxy", daemon=True).start()

    def close(self) -> None:
        """Listen no more, and let go of what was stalled."""
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """One request of one connection; the other side opens another for the next."""
        client.settimeout(TIMEOUT)
        with client, contextlib.suppress(OSError, ValueError):
            head, body = _read(client)
            if head:
                self.requests += 1
                self._answer(client, head, body)

    def _answer(self, client: socket.socket, head: bytes, body: bytes) -> None:
        mode = self.mode
        if mode == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif mode == "stall":
            while self.mode == "stall" and not self._ended.wait(0.02):
                pass
        elif mode in ERRORS:
            status, code = ERRORS[mode]
            client.sendall(_response(status, json.dumps({"__type": code, "message": "the proxy says so"}).encode()))
        elif mode == "partial":
            client.sendall(self._partly(head, body))
        else:
            answer = self._forward(head, body)
            client.sendall(answer[: len(answer) // 2] if mode == "truncate" else answer)

    def _partly(self, head: bytes, body: bytes) -> bytes:
        asked = json.loads(body)
        kept_back, rest = asked["Entries"][0], asked["Entries"][1:]
        results = [{"ErrorCode": "ThrottlingException", "ErrorMessage": "kept back"}] if kept_back else []
        if rest:
            answer = self._forward(head, json.dumps({"Entries": rest}).encode())
            results += json.loads(answer.partition(b"\r\n\r\n")[2])["Entries"]
        return _response("200 OK", json.dumps({"FailedEntryCount": 1, "Entries": results}).encode())

    def _forward(self, head: bytes, body: bytes) -> bytes:
        """The whole answer of the other side."""
        fields = [
            line for line in head.split(b"\r\n") if not line.lower().startswith((b"connection:", b"content-length:"))
        ]
        asked = b"\r\n".join([*fields, b"Connection: close", b"Content-Length: %d" % len(body)]) + b"\r\n\r\n" + body
        with socket.create_connection(self._upstream, TIMEOUT) as upstream:
            upstream.sendall(asked)
            came = b""
            while chunk := upstream.recv(CHUNK):
                came += chunk
            return came


def _read(client: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of a request; empty where the connection ended before one came."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = client.recv(CHUNK)
        if not chunk:
            return b"", b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    wanted = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < wanted:
        chunk = client.recv(CHUNK)
        if not chunk:
            return b"", b""
        body += chunk
    return head, body


def _response(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
