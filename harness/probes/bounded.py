"""What keeps an exchange within its bounds: answers that are read until a deadline, and cookies of a browser's size."""

from __future__ import annotations

import io
import socket
import time
from contextvars import ContextVar
from http.client import HTTPResponse
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import Any

from harness.probes.clients import Bounds, late

__all__ = ["Allowance", "BoundedResponse", "BrowserLikePolicy", "allowance"]

MOST_COOKIES = 180  # per user agent; RFC 6265 §6.1 asks for 50 a domain
LARGEST_COOKIE = 4096  # bytes of name and value (RFC 6265 §6.1)


class Allowance:
    """What an exchange may still take. `broken` says which bound it broke, "" for none."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._ends = time.monotonic() + bounds.whole
        self._bytes = bounds.wire
        self.broken = ""

    def seconds(self) -> float:
        """How long the next byte may take. Raises TimeoutError where the time is up."""
        left = self._ends - time.monotonic()
        if left <= 0:
            self.broken = late(self._bounds)
            raise TimeoutError(self.broken)
        return min(left, self._bounds.between)

    def take(self, count: int) -> None:
        """So many bytes came. Raises OSError where they are too many."""
        self._bytes -= count
        if self._bytes < 0:
            self.broken = f"TooMuch: more than {self._bounds.wire:,} bytes came"
            raise OSError(self.broken)


allowance: ContextVar[Allowance] = ContextVar("allowance")  # of the exchange that this thread makes


class BoundedResponse(HTTPResponse):
    """An answer whose head and body, whatever they drip or flood, are read within the allowance of its exchange."""

    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        self.fp.close()
        self.fp = io.BufferedReader(_Stream(sock, allowance.get()))


class _Stream(io.RawIOBase):
    def __init__(self, sock: socket.socket, allowed: Allowance) -> None:
        self._sock, self._allowed = sock, allowed
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._allowed.seconds())
        try:
            count = self._raw.readinto(buffer)
        except TimeoutError:
            self._allowed.seconds()  # says so, where it is the deadline
            raise
        self._allowed.take(count or 0)
        return int(count or 0)

    def close(self) -> None:
        self._raw.close()
        super().close()


class BrowserLikePolicy(DefaultCookiePolicy):
    """Takes no cookie that a browser would not: none that is too large, and not too many."""

    def __init__(self, jar: CookieJar) -> None:
        super().__init__()
        self._jar = jar

    def set_ok(self, cookie: Cookie, request: Any) -> bool:
        fits = len(cookie.name) + len(cookie.value or "") <= LARGEST_COOKIE and len(self._jar) < MOST_COOKIES
        return fits and super().set_ok(cookie, request)
