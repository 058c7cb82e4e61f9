"""https on loopback: a certificate authority of its own, one listener for several hosts, and a client for it.

The names end in ``.localhost``. RFC 6761 §6.3 keeps that domain for the loopback address, so a client may connect to
127.0.0.1 without asking a resolver. Listeners are bound to 127.0.0.1 only.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import logging
import socket
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import requests
from cheroot.server import HeaderReader, HTTPRequest
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from requests.adapters import HTTPAdapter

from reference_impl.slow_senders import PatientConnection, PatientTls, WaitingRoom

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LOOPBACK = "127.0.0.1"
NAMES = ("*.dev.localhost", "*.staging.localhost", "*.prod.localhost", "localhost", LOOPBACK)

_log = logging.getLogger(__name__)


class HostDispatcher:
    """Passes each request to the application of its Host; 421 Misdirected Request (RFC 9110 §15.5.20) otherwise."""

    def __init__(self, apps: Mapping[str, WSGIApplication]) -> None:
        self.apps = dict(apps)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0].lower()
        app = self.apps.get(host)
        if app is not None:
            return app(environ, start_response)
        start_response("421 Misdirected Request", [("Content-Type", "text/plain"), ("Cache-Control", "no-store")])
        return [b"no such host here\n"]


class _Joined(dict[bytes, bytes]):
    """Headers as they are read: a second Authorization does not take the place of the first, but stands after it."""

    def __setitem__(self, name: bytes, value: bytes) -> None:
        joined = name == b"Authorization" and name in self
        super().__setitem__(name, b", ".join((self[name], value)) if joined else value)


class _HeaderReader(HeaderReader):
    """cheroot's, which would keep the last of several Authorization headers: who decides must know of all of them."""

    def __call__(self, rfile: Any, hdict: dict[bytes, bytes] | None = None) -> dict[bytes, bytes]:
        read = _Joined()
        super().__call__(rfile, read)
        found = hdict if hdict is not None else {}
        found.update(read)
        return found


class _Request(HTTPRequest):
    header_reader = _HeaderReader()

    def respond(self) -> None:
        """End the connection after a body in chunks: what nobody read of it, cheroot takes for the next request."""
        self.close_connection = self.close_connection or self.chunked_read
        super().respond()

    def send_headers(self) -> None:
        """Send them, without waiting once more for a body whose sender was too late."""
        self.close_connection = self.close_connection or self.conn.is_late
        super().send_headers()


class _Connection(PatientConnection):
    RequestHandlerClass = _Request


class _Server(Server):
    """cheroot's server, quick to stop, and with its errors in the log instead of on stderr."""

    ConnectionClass = _Connection
    room: WaitingRoom
    request_queue_size = 128  # connections that the system keeps until they are accepted
    keep_alive_conn_limit = 100  # connections that wait without a thread; beyond it, one ends with its answer
    max_request_header_size = 1 << 16  # bytes
    max_request_body_size = 1 << 20  # bytes
    expiration_interval = 0.02  # seconds between looks at the stop flag; the default makes a stop take 0.5 s

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        """Bind, and close the socket where that fails, which cheroot forgets."""
        try:
            socket_.bind(bind_addr)
        except OSError:
            socket_.close()
            raise
        return socket_

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        _log.log(level, "%s", msg, exc_info=traceback)


class Listener:
    """A bound port of 127.0.0.1 that does not answer yet: the port is known before what is served there."""

    def __init__(self, tls: BuiltinSSLAdapter, port: int = 0) -> None:
        """Bind ``port`` (0: an ephemeral one). Raises OSError where the port is taken."""
        self._server = _Server((LOOPBACK, port), HostDispatcher({}), numthreads=24, shutdown_timeout=1)
        self._server.room = WaitingRoom()
        # cheroot lists each server's statistics, and by them the server, for as long as the process lives.
        vars(logging)["statistics"].pop(f"Cheroot HTTPServer {id(self._server)}", None)
        self._server.ssl_adapter = tls
        self._server.prepare()
        self.port: int = self._server.bind_addr[1]

    def serve(self, apps: Mapping[str, WSGIApplication]) -> RunningServer:
        """Answer from now on; ``apps`` maps a host name (lower case, without the port) to its application."""
        self._server.wsgi_app = HostDispatcher(apps)
        thread = threading.Thread(target=self._server.serve, name=f"https:{self.port}", daemon=True)
        thread.start()
        return RunningServer(self.port, self, thread)

    def close(self) -> None:
        """Stop answering and give the port back; safe to call twice."""
        self._server.stop()


@dataclass(frozen=True)
class RunningServer:
    """A listener that answers, until it is stopped."""

    port: int
    _listener: Listener
    _thread: threading.Thread

    def stop(self) -> None:
        """Stop within 0.1 s when no request is under way; safe to call twice."""
        self._listener.close()
        self._thread.join(timeout=2)


def tls_adapter(cert_file: Path) -> BuiltinSSLAdapter:
    """Return cheroot's adapter for a PEM file with private key and chain. Raises OSError or ssl.SSLError."""
    return PatientTls(str(cert_file), str(cert_file))


class LoopbackHost:
    """A certificate authority made afresh, and a leaf certificate for the loopback names of all stages.

    ``ca_pem`` is the authority's certificate, ``ca_file`` and ``cert_file`` (key and chain, readable by the owner
    only) lie in the given folder, and ``spki_hash`` is the leaf's public key as base64 SHA-256, for Chromium's
    ``--ignore-certificate-errors-spki-list``.
    """

    def __init__(self, folder: Path) -> None:
        import trustme
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        leaf = authority.issue_cert(*NAMES, key_type=trustme.KeyType.ECDSA)
        self.ca_pem = authority.cert_pem.bytes()
        self.ca_file = folder / "loopback-ca.pem"
        self.cert_file = folder / "loopback-cert.pem"
        self.ca_file.write_bytes(self.ca_pem)
        self.cert_file.touch(mode=0o600)
        self.cert_file.write_bytes(leaf.private_key_and_cert_chain_pem.bytes())
        certificate = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
        spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.spki_hash = base64.b64encode(hashlib.sha256(spki).digest()).decode()

    @functools.cached_property
    def tls(self) -> BuiltinSSLAdapter:
        """The adapter with the leaf certificate: one for all listeners."""
        return tls_adapter(self.cert_file)

    def listen(self, port: int = 0, tls: BuiltinSSLAdapter | None = None) -> Listener:
        """Bind a port of 127.0.0.1 (0: an ephemeral one) with the leaf certificate, or with another adapter."""
        return Listener(tls or self.tls, port)

    def serve(self, apps: Mapping[str, WSGIApplication], port: int = 0) -> RunningServer:
        """Bind a port and answer there at once."""
        return self.listen(port).serve(apps)


class LoopbackAdapter(HTTPAdapter):
    """Connects to any ``*.localhost`` at 127.0.0.1, with the name itself in SNI, Host and the certificate check."""

    # `Any`: requests' stubs describe these two with private types that name only some of the members.
    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Swap the address connected to; keep the name for what the server and its certificate are asked."""
        host, pool = cast(
            "tuple[dict[str, Any], dict[str, Any]]", super().build_connection_pool_key_attributes(request, verify, cert)
        )
        name = str(host["host"])
        if name == "localhost" or name.endswith(".localhost"):
            host["host"] = LOOPBACK
            if host["scheme"] == "https":
                pool.update(server_hostname=name, assert_hostname=name)
        return host, pool

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Name the URL's host in the Host header, unless the caller chose another one.

        A copy is sent: on a redirect requests would carry the header of the first host over to the second.
        """
        if "Host" not in request.headers:
            request = request.copy()
            request.headers["Host"] = (request.url or "").split("/")[2].rsplit("@", 1)[-1]
        return super().send(request, *args, **kwargs)


class LoopbackSession(requests.Session):
    """A session that trusts one authority, ignores the environment (proxies, .netrc) and never waits without end."""

    def __init__(self, ca_file: Path | str | None, timeout: float = 10.0) -> None:
        """``timeout`` in seconds, for connecting and between two bytes, where a call names none."""
        super().__init__()
        self.trust_env = False
        self.verify = str(ca_file) if ca_file is not None else True
        self._timeout = timeout
        adapter = LoopbackAdapter(pool_maxsize=32)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a prepared request with the session's time limit."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._timeout
        return super().send(request, **kwargs)


def loopback_session(ca_file: Path | str | None, timeout: float = 10.0) -> requests.Session:
    """Return a session for loopback servers whose certificates ``ca_file`` (PEM) vouches for; timeout in seconds."""
    return LoopbackSession(ca_file, timeout)
