"""Why no answer came is told in a few words, whatever library says it, and however deep it is wrapped."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import zlib
from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected

import pytest
import requests
import urllib3

from harness.probes.unanswered import why_unanswered

URL = "https://id.example/token"


def refused_certificate() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1)")
    error.verify_message = "certificate has expired"
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "connection refused at id.example:443"),
        (ConnectionResetError(104, "Connection reset by peer"), "connection reset by id.example:443"),
        (RemoteDisconnected("x"), "connection closed without an answer by id.example:443"),
        (TimeoutError("timed out"), "timed out at id.example:443"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "name not found: id.example"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "name not looked up, for the time being: id.example"),
        (OSError(errno.EHOSTUNREACH, "x"), f"{os.strerror(errno.EHOSTUNREACH).lower()} at id.example:443"),
        (BadStatusLine("x"), "no HTTP is spoken at id.example:443"),
        (zlib.error("Error -3"), "the body is not packed as id.example:443 says"),
        (IncompleteRead(b"x", 9), "the answer of id.example:443 broke off"),
        (refused_certificate(), "TLS: the certificate of id.example:443 is not accepted: certificate has expired"),
        (ssl.SSLEOFError(8, "[SSL: UNEXPECTED_EOF] EOF occurred"), "TLS: the connection was ended by id.example:443"),
        (ssl.SSLZeroReturnError(6, "closed"), "TLS: the connection was ended by id.example:443"),
        (ssl.SSLError(1, "[SSL] wrong version number"), "TLS: no handshake with id.example:443: [ssl] wrong version"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_is_told_alike_by_both_clients(error: Exception, told: str) -> None:
    wrapped = urllib3.exceptions.MaxRetryError(None, "/", urllib3.exceptions.ProtocolError("Broken.", error))  # type: ignore[arg-type]
    assert why_unanswered(error, URL).startswith(told)
    assert why_unanswered(requests.ConnectionError(wrapped), URL) == why_unanswered(error, URL)


def test_errors_that_are_each_others_cause_are_told_too() -> None:
    outer, inner = ValueError("outer"), TimeoutError("timed out")
    outer.__cause__, inner.__cause__ = inner, outer
    assert why_unanswered(outer, URL) == "timed out at id.example:443"


def test_the_port_is_the_one_that_the_url_means() -> None:
    refused = ConnectionRefusedError(111, "Connection refused")
    told = [why_unanswered(refused, url) for url in ("http://id.example/", "http://[::1]:99/", "http://[::")]
    assert told == [f"connection refused at {place}" for place in ("id.example:80", "::1:99", "http://[::")]


def test_an_error_without_words_of_its_own_is_named_and_cut() -> None:
    assert why_unanswered(ValueError("x" * 999), URL) == f"ValueError: {'x' * 148}"
