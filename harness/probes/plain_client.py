"""The second client: the standard library's `http.client` and `ssl`, one connection for each exchange."""

from __future__ import annotations

import socket
import ssl
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.cookiejar import CookieJar
from typing import Any, cast
from urllib.parse import quote, urlsplit

from harness.probes.bounded import Allowance, BoundedResponse, BrowserLikePolicy, allowance
from harness.probes.clients import Bounds, Exchanged, decode, in_time, loopback
from harness.probes.unanswered import why_unanswered

__all__ = ["PlainClient"]

PIECE = 65536  # bytes that are read, or inflated, at once
ENCODINGS = 3  # around one another; more are nobody's
_UNRESERVED = "!#$%&'()*+,/:;=?@[]~"  # what stays as it is in the target of a request, percent-encoding included
_DEFAULTS = {"User-Agent": "authassay", "Accept": "*/*", "Accept-Encoding": "gzip, deflate", "Connection": "close"}


class PlainClient:
    """A user agent with a jar of its own."""

    name = "http.client"

    def __init__(self, context: ssl.SSLContext, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self._context = context
        self._jar = CookieJar()
        self._jar.set_policy(BrowserLikePolicy(self._jar))

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Exchanged:
        return in_time(self.bounds, lambda: self._exchange(method, url, headers, body))

    def cookies_for(self, url: str) -> str:
        request = urllib.request.Request(url)
        self._jar.add_cookie_header(request)
        return str(request.get_header("Cookie", ""))

    def close(self) -> None:
        """Nothing stays open between two exchanges."""

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], body: str) -> Exchanged:
        allowed = Allowance(self.bounds)
        allowance.set(allowed)
        try:
            with closing(self._connect(url)) as connection:
                self._send(connection, method, url, headers, body.encode())
                with connection.getresponse() as answer:
                    return self._understood(url, answer)
        except (HTTPException, zlib.error, OSError, ValueError) as error:
            return Exchanged(0, error=allowed.broken or why_unanswered(error, url))

    def _understood(self, url: str, answer: HTTPResponse) -> Exchanged:
        self._jar.extract_cookies(cast("Any", _Told(answer.headers)), urllib.request.Request(url))
        content, size = _read(answer, self.bounds.body)
        pairs = tuple((str(name), str(value)) for name, value in answer.headers.items())
        return Exchanged(answer.status, pairs, decode(content, answer.headers.get("Content-Type", "")), size)

    def _connect(self, url: str) -> HTTPConnection:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url[:100]!r} is no address of HTTP")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        connection = HTTPConnection(parts.hostname, port)
        connection.response_class = BoundedResponse
        plain = socket.create_connection((loopback(parts.hostname), port), self.bounds.connect)
        try:
            secure = parts.scheme == "https"
            connection.sock = self._context.wrap_socket(plain, server_hostname=parts.hostname) if secure else plain
        except BaseException:
            plain.close()
            raise
        return connection

    def _send(self, connection: HTTPConnection, method: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        parts = urlsplit(url)
        given = {name.lower() for name in headers}
        own = {"Host": parts.netloc.rpartition("@")[2], **_DEFAULTS}
        if body or method not in ("GET", "HEAD"):
            own["Content-Length"] = str(len(body))
        if cookies := self.cookies_for(url):
            own["Cookie"] = cookies
        target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_UNRESERVED)
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in ({n: v for n, v in own.items() if n.lower() not in given} | dict(headers)).items():
            connection.putheader(name, value)
        connection.endheaders(body or None)


class _Told:
    """An answer's head, as the cookie jar asks for it."""

    def __init__(self, headers: Message) -> None:
        self._headers = headers

    def info(self) -> Message:
        return self._headers


def _read(answer: HTTPResponse, most: int) -> tuple[bytes, int]:
    """At most so many decoded bytes, and how many came; one more than the bound where there were more.

    Raises HTTPException, OSError, zlib.error or ValueError where the body is not whole or not what its head says.
    """
    content = bytearray()
    for chunk in _decoded(answer):
        content += chunk
        if len(content) > most:
            return bytes(content[:most]), most + 1
    if answer.length:
        raise OSError(f"the body broke off {answer.length:,} bytes before its end")
    return bytes(content), len(content)


def _decoded(answer: HTTPResponse) -> Iterator[bytes]:
    """The body, piece by piece, with its content codings undone, the last first (RFC 9110 §8.4)."""
    named = ", ".join(answer.headers.get_all("Content-Encoding", [])).lower()
    codings = [coding.strip() for coding in named.split(",", 20) if coding.strip() not in ("", "identity")]
    if len(codings) > ENCODINGS:
        raise ValueError(f"{len(codings)} content codings around one another")
    chunks: Iterator[bytes] = iter(lambda: answer.read1(PIECE), b"")
    for coding in reversed(codings):
        if coding in ("gzip", "x-gzip", "deflate"):
            chunks = _inflated(chunks)
    return chunks


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """At most PIECE bytes at once, however much they were packed. The first byte tells gzip, zlib and deflate apart.

    Raises zlib.error where it is none of them, OSError where it breaks off.
    """
    inflater: Any = None
    for chunk in chunks:
        if inflater is None:
            bare = chunk[0] != 0x1F and chunk[0] & 0x0F != 8
            inflater = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)
        piece = chunk
        while not inflater.eof:
            inflated = inflater.decompress(piece, PIECE)
            if inflated:
                yield inflated
            piece = inflater.unconsumed_tail
            if not piece and len(inflated) < PIECE:
                break
    if inflater is not None and not inflater.eof:
        raise OSError("the packed body breaks off")
