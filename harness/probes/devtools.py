"""A client of Chromium's debugging protocol, which any shell built on Chromium speaks at its debugging port.

One `Devtools` is one page; script runs in its page's world. Nothing is recorded here: what comes back may hold secrets.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import socket
import struct
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from harness.errors import TargetError

__all__ = ["Devtools", "pages_at"]

PATIENCE = 60.0  # seconds for an answer
SETTLING = 10.0  # seconds until a page is there
STOP = "window.stop()"
# A page that was stopped has no document: it is given one.
EMPTIED = """
(() => {
  if (location.href.split("#")[0] !== URL.split("#")[0] || document.readyState !== "complete") return false;
  if (document.documentElement && document.documentElement.dataset.emptied) return true;
  if (document.scripts.length || document.body && document.body.childNodes.length) return false;
  if (document.documentElement) document.documentElement.remove();
  const html = document.appendChild(document.createElement("html"));
  html.dataset.emptied = "here";
  html.append(document.createElement("head"), document.createElement("body"));
  return true;
})()
"""
LARGEST = 2**28  # bytes of one message: a heap snapshot is large
_open = build_opener(ProxyHandler({})).open


def pages_at(address: str, patience: float = PATIENCE) -> dict[str, str]:
    """The pages of the shell at `host:port`: the debugger's address of each by its URL. Raises TargetError where nobody
    answers in time."""
    end = monotonic() + patience
    while True:
        try:
            with _open(f"http://{address}/json/list", timeout=5) as answer:
                told = json.load(answer)
            return {str(one["url"]): str(one["webSocketDebuggerUrl"]) for one in told if one.get("type") == "page"}
        except (OSError, ValueError) as error:
            if monotonic() > end:
                raise TargetError(f"no debugging protocol at {address}: {error}") from error
            sleep(0.05)


class Devtools:
    """A connection to one page. `close` ends it, not the page."""

    def __init__(self, url: str) -> None:
        """`url`: the debugger's address (ws://…). Raises TargetError."""
        at = urlsplit(url)
        try:
            self._socket = socket.create_connection((at.hostname or "", at.port or 80), timeout=PATIENCE)
            self._buffer = b""
            self._shake_hands(at.netloc, at.path)
        except OSError as error:
            raise TargetError(f"the page's debugger cannot be reached: {error}") from error
        self._ids = itertools.count(1)
        self.call("Runtime.enable")

    def call(
        self, method: str, on_event: Callable[[dict[str, Any]], None] = lambda event: None, **parameters: Any
    ) -> dict[str, Any]:
        """Send a command; its result. Events that come before it go to `on_event`. Raises TargetError where it fails or
        takes too long."""
        identifier = next(self._ids)
        self._send(json.dumps({"id": identifier, "method": method, "params": parameters}).encode())
        end = monotonic() + PATIENCE
        while monotonic() < end:
            message = self._next()
            if message.get("id") == identifier:
                if "error" in message:
                    raise TargetError(f"{method}: {message['error'].get('message')}")
                return dict(message["result"])
            on_event(message)
        raise TargetError(f"{method}: no answer within {PATIENCE:g} s")

    def tell(self, method: str, **parameters: Any) -> None:
        """Send a command and go on; its result is passed over."""
        self._send(json.dumps({"id": next(self._ids), "method": method, "params": parameters}).encode())

    def show_blank(self, url: str) -> None:
        """Load the page at `url`, and stop it before any of its own scripts: what then is in its world was put there by
        the shell. The document is empty. Raises TargetError where one of its scripts could have run."""
        self.call("Page.enable")
        stopping = self.call("Page.addScriptToEvaluateOnNewDocument", source=STOP)["identifier"]
        try:
            self.call("Page.navigate", url=url)
            end = monotonic() + SETTLING
            while not self._tells(EMPTIED.replace("URL", json.dumps(url))):
                if monotonic() > end:
                    raise TargetError(f"the page at {url} could not be stopped before its own scripts")
                sleep(0.05)
        finally:
            self.call("Page.removeScriptToEvaluateOnNewDocument", identifier=stopping)

    def worlds(self) -> tuple[str, ...]:
        """The names of all worlds of the page that the protocol shows; the page's own has none."""
        found = list[str]()

        def take(event: dict[str, Any]) -> None:
            if event.get("method") == "Runtime.executionContextCreated":
                found.append(str(event["params"]["context"].get("name", "")))

        self.call("Runtime.disable")
        self.call("Runtime.enable", take)
        return tuple(found)

    def _tells(self, expression: str) -> bool:
        """Whether this is true; not on a page that is on its way elsewhere."""
        try:
            return self.evaluate(expression) is True
        except TargetError:
            return False

    def evaluate(self, expression: str, by_user: bool = False) -> Any:
        """The value of an expression in the page's world, or of what its promise settles with, as JSON. `by_user`: as
        if the user had just clicked. Raises TargetError where it throws."""
        told = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=by_user
        )
        if "exceptionDetails" in told:
            thrown = told["exceptionDetails"].get("exception", {})
            raise TargetError(f"the script threw: {thrown.get('description') or thrown.get('value') or 'something'}")
        return told["result"].get("value")

    def heap(self) -> str:
        """All strings in the memory of the page's process, in all its worlds; of each the first 1024 characters."""
        chunks = list[str]()

        def take(event: dict[str, Any]) -> None:
            if event.get("method") == "HeapProfiler.addHeapSnapshotChunk":
                chunks.append(str(event["params"]["chunk"]))

        self.call("HeapProfiler.takeHeapSnapshot", take, reportProgress=False)
        return "\n".join(json.loads("".join(chunks))["strings"])

    def close(self) -> None:
        self._socket.close()

    def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._message())
        return message

    def _shake_hands(self, host: str, path: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", "",
        )  # fmt: skip
        self._socket.sendall("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.splitlines()[0] + b" ":
            raise OSError(head.splitlines()[0].decode(errors="replace"))

    def _send(self, payload: bytes, opcode: int = 1) -> None:
        """One frame, masked as a client must (RFC 6455 §5.3)."""
        size = len(payload)
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 2**16:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        mask = os.urandom(4)
        whole = int.from_bytes(payload, "big") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "big") if size else 0
        self._socket.sendall(head + mask + whole.to_bytes(size, "big"))

    def _message(self) -> bytes:
        """The next text message, whole; pings are answered."""
        parts = list[bytes]()
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack(">H", self._take(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", self._take(8))
            if size > LARGEST:
                raise TargetError("the page's debugger sent too much")
            payload, opcode = self._take(size), first & 0x0F
            if opcode == 9:
                self._send(payload, 10)
            elif opcode == 8:
                raise TargetError("the page's debugger ended the connection")
            elif opcode in (0, 1, 2):
                parts.append(payload)
                if first & 0x80:
                    return b"".join(parts)

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def _fill(self) -> None:
        more = self._socket.recv(2**20)
        if not more:
            raise TargetError("the page's debugger is gone")
        self._buffer += more
