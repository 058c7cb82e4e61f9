"""Why no answer came, in a few words that are the same for every client: what went wrong, and where."""

from __future__ import annotations

import os
import socket
import ssl
import zlib
from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected
from urllib.parse import urlsplit

from urllib3.util.ssl_match_hostname import CertificateError as OtherName

__all__ = ["why_unanswered"]

MOST = 160  # characters of an error that has no words of its own here
TOLD: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (socket.gaierror, "name not found: {host}"),
    (TimeoutError, "timed out at {place}"),
    (ConnectionRefusedError, "connection refused at {place}"),
    (RemoteDisconnected, "connection closed without an answer by {place}"),
    ((ConnectionResetError, BrokenPipeError, ConnectionAbortedError), "connection reset by {place}"),
    (BadStatusLine, "no HTTP is spoken at {place}"),
    (zlib.error, "the body is not packed as {place} says"),
    (IncompleteRead, "the answer of {place} broke off"),
)


def why_unanswered(error: BaseException, url: str) -> str:
    """What an error of the transport means: `connection refused at id.example:443`. Libraries wrap the error that tells
    in up to four others."""
    found = _with_causes(error)
    place = _place(url)
    for each in reversed(found):  # the inmost tells most
        if words := _words(each, place):
            return words
    return f"{type(found[-1]).__name__}: {found[-1]}"[:MOST]


def _words(error: BaseException, place: str) -> str:
    """What this error alone tells; "" for nothing."""
    if isinstance(error, ssl.SSLCertVerificationError | OtherName):
        return f"TLS: the certificate of {place} is not accepted: {getattr(error, 'verify_message', error)}"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return f"TLS: the connection was ended by {place}"
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or str(error)
        return f"TLS: no handshake with {place}: {reason.replace('_', ' ').lower()}"
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return f"name not looked up, for the time being: {_host(place)}"
    for kinds, told in TOLD:
        if isinstance(error, kinds):
            return told.format(place=place, host=_host(place))
    if isinstance(error, OSError) and error.errno is not None:
        return f"{os.strerror(error.errno).lower()} at {place}"
    return ""


def _with_causes(error: BaseException) -> list[BaseException]:
    """The error, and what it holds or came of, each once, inmost last."""
    found: dict[int, BaseException] = {}
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and id(each) not in found:
            found[id(each)] = each
            waiting += reversed((*each.args, getattr(each, "reason", None), each.__cause__))
    return list(found.values())


def _host(place: str) -> str:
    return place.rpartition(":")[0]


def _place(url: str) -> str:
    """Host and port of a URL; the URL itself, cut, where it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return url[:100]
    return f"{parts.hostname or url[:100]}:{port}"
