"""Whether an origin can be reached: its name is found, it takes connections, and over TLS it proves who it is."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import TypeVar
from urllib.parse import urlsplit

from harness.machine.tried import Tried, well, wrong
from harness.probes.clients import loopback
from harness.probes.unanswered import why_unanswered

__all__ = ["speaks_tls", "try_door"]

SECONDS = 5.0  # for each: to find the name, to connect, to shake hands
SOON = 14  # days before its end at which a certificate is worth a word
T = TypeVar("T")

# OpenSSL's X509_V_ERR codes, as `SSLCertVerificationError.verify_code` has them.
_EXPIRED, _NOT_YET = 10, 9
_OTHER_NAME = (62, 64)
_UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)


def try_door(origin: str, ca_file: Path | None) -> Iterator[Tried]:
    """Try the host of this origin; `ca_file` are the authorities to trust instead of this machine's."""
    parts = urlsplit(origin)
    host, secure = parts.hostname or "", parts.scheme == "https"
    try:
        port = parts.port or (443 if secure else 80)
        address = _in_time(lambda: str(socket.getaddrinfo(loopback(host), port, type=socket.SOCK_STREAM)[0][4][0]))
        connection = socket.create_connection((address, port), SECONDS)
    except socket.gaierror as error:
        mend = "mend the name in the description, or this machine's DNS, VPN or hosts file"
        yield wrong(f"reach {parts.netloc}", why_unanswered(error, origin), mend)
        return
    except (OSError, ValueError) as error:
        mend = f"start it, or open the way to it: a firewall, a VPN, another port? curl -v {origin}/ shows the same"
        yield wrong(f"reach {parts.netloc}", why_unanswered(error, origin), mend)
        return
    with connection:
        yield well(f"reach {parts.netloc}", f"port {port} at {address} takes connections")
        if secure:
            yield _shake_hands(connection, host, port, ca_file)


def speaks_tls(origin: str) -> bool:
    """Whether TLS is spoken where an origin of http is looked for, whoever its certificate names."""
    parts = urlsplit(origin)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((loopback(parts.hostname or ""), parts.port or 80), SECONDS) as connection:
            context.wrap_socket(connection, server_hostname=parts.hostname).close()
    except (OSError, ValueError):
        return False
    return True


def _shake_hands(connection: socket.socket, host: str, port: int, ca_file: Path | None) -> Tried:
    url = f"https://{host}:{port}"
    trusted = f"the authorities in {ca_file.name}" if ca_file else "the authorities of this machine"
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        return wrong(f"TLS of {host}", f"{ca_file}: {error}", "ca_file is to hold certificates in PEM")
    try:
        with context.wrap_socket(connection, server_hostname=host) as secured:
            certificate, version = secured.getpeercert() or {}, secured.version()
    except ssl.SSLCertVerificationError as error:
        return wrong(f"TLS of {host}", why_unanswered(error, url), _mend(error.verify_code, host, port))
    except OSError as error:
        said = why_unanswered(error, url)
        mend = "it may speak plain HTTP there (then write http:// for a stage of your own), or TLS older than 1.2"
        return wrong(f"TLS of {host}", said, mend)
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (ends - datetime.now(UTC)).days
    note = f"; renew it soon: {days} days are left" if days < SOON else ""
    return well(f"TLS of {host}", f"{version}, by {trusted}, until {ends:%Y-%m-%d}{note}")


def _mend(code: int, host: str, port: int) -> str:
    if code == _EXPIRED:
        return "renew the certificate at the server"
    if code == _NOT_YET:
        return "set this machine's clock, or wait until the certificate begins to hold"
    if code in _OTHER_NAME:
        return f"give the server a certificate for {host}, or write the name that its certificate has"
    if code in _UNKNOWN_AUTHORITY:
        show = f"openssl s_client -showcerts -servername {host} -connect {host}:{port}"
        write = 'write ca_file = "ca.pem" with its authority in that file, beside the description'
        return f"{write} (authassay init: --ca-file ca.pem --force); {show} shows the chain"
    return "mend the certificate at the server"


def _in_time(call: Callable[[], T]) -> T:
    """The outcome of a call that has no time limit of its own, such as the resolver's. Raises TimeoutError."""
    outcome: Future[T] = Future()

    def carry_out() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised again below
            outcome.set_exception(error)

    Thread(target=carry_out, name="resolver", daemon=True).start()
    return outcome.result(SECONDS)
