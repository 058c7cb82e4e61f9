"""What an HTTP client is to a probe, and the two that there are: `requests`, and the standard library's `http.client`.

They share their bounds and how text is decoded, and nothing else: where both saw the same, it was no client's doing.
"""

from __future__ import annotations

import codecs
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

__all__ = ["CLIENTS", "Bounds", "Exchanged", "HttpClient", "decode", "in_time", "loopback", "new_client", "origin"]

CLIENTS = ("requests", "http.client")  # by trial, from 1 on
_BACKSTOP = 1.0  # seconds after which an exchange is left that its own deadline did not end: a name that none resolves
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_CODECS = re.compile(r"utf-8|ascii|utf-16(-[bl]e)?|iso8859-\d+|cp125\d|shift_jis|euc_\w+|gb\w+|big5|koi8-\w")


@dataclass(frozen=True)
class Bounds:
    """What one answer may take: seconds to connect, between two bytes and as a whole; bytes of its decoded body (more
    are cut off) and on the wire (more are an error)."""

    connect: float = 5.0
    between: float = 15.0
    whole: float = 30.0
    body: int = 1_000_000
    wire: int = 4_000_000


@dataclass(frozen=True)
class Exchanged:
    """What came back, with its secrets. `status` 0: no answer came, and `error` says why. `size`: bytes of the decoded
    body, one more than the bound where it was cut there."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    text: str = field(default="", repr=False)
    size: int = 0
    error: str = ""
    seconds: float = 0.0


class HttpClient(Protocol):
    """One user agent with a cookie jar, for several threads at once."""

    @property
    def name(self) -> str: ...

    @property
    def bounds(self) -> Bounds: ...

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Exchanged:
        """Send a request with these headers, a Host among them as it stands, and the jar's cookies. No redirect is
        followed. Whatever goes wrong between here and there is an answer without status."""

    def cookies_for(self, url: str) -> str:
        """The Cookie header that it would send to this URL; "" for none. It is a secret."""

    def close(self) -> None: ...


def new_client(trial: int = 1, ca_file: Path | None = None, bounds: Bounds | None = None) -> HttpClient:
    """The client of a trial, with an empty cookie jar. It trusts the authorities in `ca_file` (PEM), else those that
    this machine trusts; it takes no proxy and no credential from the environment, and finds `*.localhost` on loopback.
    """
    from harness.probes.plain_client import PlainClient
    from harness.probes.requests_client import RequestsClient, bounded_session

    limits = bounds or Bounds()
    if trial == 1:
        return RequestsClient(bounded_session(ca_file), limits)
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    return PlainClient(context, limits)


def in_time(bounds: Bounds, exchange: Callable[[], Exchanged]) -> Exchanged:
    """The exchange with the seconds that it took, abandoned when its deadline has passed for a while."""
    came: Future[Exchanged] = Future()

    def carry_out() -> None:
        try:
            came.set_result(exchange())
        except BaseException as error:  # noqa: BLE001 - raised again below
            came.set_exception(error)

    started = time.monotonic()
    threading.Thread(target=carry_out, name="exchange", daemon=True).start()
    try:
        found = came.result(bounds.whole + _BACKSTOP)
    except TimeoutError:
        found = Exchanged(0, error=late(bounds))
    if 100 <= found.status < 200:  # RFC 9110 §15.2: interim, and none is asked for here
        found = Exchanged(0, error=f"ProtocolError: HTTP {found.status}, which is no final answer")
    return Exchanged(**{**vars(found), "seconds": round(time.monotonic() - started, 3)})


def late(bounds: Bounds) -> str:
    """What is said of an answer that was given up at its deadline."""
    return f"timed out: no whole answer within {bounds.whole:g} s"


def decode(content: bytes, content_type: str) -> str:
    """The body as text: by the charset that it names, else as UTF-8, what is none replaced.

    Only charsets of real pages count: Python's registry has codecs that take a quarter of an hour for a megabyte.
    """
    named = _CHARSET.search(content_type)
    try:
        codec = codecs.lookup(named[1] if named else "utf-8").name
    except (LookupError, ValueError):
        codec = "utf-8"
    return content.decode(codec if _CODECS.fullmatch(codec) else "utf-8", "replace")


def loopback(host: str) -> str:
    """Where to connect to for this host: names under `localhost` never leave the machine (RFC 6761 §6.3)."""
    return "127.0.0.1" if host == "localhost" or host.endswith(".localhost") else host


def origin(url: str) -> str:
    """Scheme, host and port of a URL (RFC 6454 §4); "" where it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
