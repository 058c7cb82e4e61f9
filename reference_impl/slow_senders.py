"""How long a server bears clients that take their time: a thread that waits for one serves nobody else.

Handshake, or head and body of one request, may keep a thread waiting for `LONGEST` seconds in all, however few bytes
come at a time. Who keeps it waiting for more than `PROMPT` of them needs one of `PLACES`, fewer than there are threads:
where these are taken, his connection ends, and the others are served. Before the first request, and between two, a
connection waits in the selector, without a thread.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from cheroot.makefile import StreamReader
from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")

PROMPT = 2.0  # seconds: on a busy machine anybody is held up for a moment, and must not be turned away for it
LONGEST = 10.0  # seconds
PLACES = 8  # of 24 threads, of which 12 may hold a stream (api/realtime.py)
_LATE = "timed out"  # by these words cheroot knows a timeout, and answers 408
_IN_CLEAR = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

_log = logging.getLogger(__name__)


class WaitingRoom:
    """The places of one server for slow senders."""

    def __init__(self) -> None:
        self._places = threading.Semaphore(PLACES)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Have a place for a ``with`` block. Raises TimeoutError at once where none is free."""
        if not self._places.acquire(blocking=False):
            raise TimeoutError(_LATE)
        try:
            yield
        finally:
            self._places.release()


class PatientReader(socket.SocketIO):
    """The raw stream of a connection; waits for its sender within the bounds."""

    def __init__(self, sock: socket.socket, room: WaitingRoom) -> None:
        super().__init__(sock, "r")
        self._socket, self._room = sock, room
        self._waited = 0.0
        self.is_late = False  # since the request began

    def begin(self) -> None:
        """Begin a request: it has all of its time."""
        self._waited, self.is_late = 0.0, False

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read what has come. Raises TimeoutError where the sender took too long."""
        return self.wait_for(lambda: self._socket.recv_into(buffer))

    def wait_for(self, receive: Callable[[], T]) -> T:
        """Return what is received from the socket. Raises TimeoutError where the sender took too long."""
        try:
            with suppress(TimeoutError):
                return self._receive(receive, PROMPT)
            with self._room.place():
                return self._receive(receive, LONGEST)
        except TimeoutError:
            self.is_late = True
            raise TimeoutError(_LATE) from None

    def _receive(self, receive: Callable[[], T], limit: float) -> T:
        if self._waited >= limit:
            raise TimeoutError
        usual, began = self._socket.gettimeout(), time.monotonic()
        self._socket.settimeout(limit - self._waited)
        try:
            return receive()
        finally:
            self._waited += time.monotonic() - began
            self._socket.settimeout(usual)


class _PatientFile(StreamReader):
    """cheroot's buffered stream over another raw one."""

    def __init__(self, raw: PatientReader, size: int) -> None:
        super(StreamReader, self).__init__(raw, size)
        self.bytes_read = 0


class PatientConnection(HTTPConnection):
    """A connection whose handshake is a thread's, and not the listener's, for whom everybody waits."""

    def __init__(self, server: Any, sock: socket.socket, makefile: Any) -> None:
        super().__init__(server, sock, makefile)
        self._raw = PatientReader(sock, server.room)
        self.rfile = _PatientFile(self._raw, self.rbufsize)
        self._met = not isinstance(sock, ssl.SSLSocket)

    @property
    def is_late(self) -> bool:
        """Whether the sender of the request under way took too long."""
        return self._raw.is_late

    def communicate(self) -> bool:
        """Shake hands, or answer a request; return whether the connection goes on."""
        self._raw.begin()
        if not self._met:
            self._met = self._shake_hands()
            if not self._met or not self.socket.pending():
                return self._met
        return bool(super().communicate())  # type: ignore[no-untyped-call]

    def _shake_hands(self) -> bool:
        try:
            self._raw.wait_for(self.socket.do_handshake)
        except OSError as error:
            _log.info("a handshake failed: %s", type(error).__name__)
            if getattr(error, "reason", None) == "HTTP_REQUEST":
                with suppress(OSError):
                    socket.socket.sendall(self.socket, _IN_CLEAR)  # below TLS
            return False
        self.ssl_env = self.server.ssl_adapter.get_environ(self.socket)
        return True


class PatientTls(BuiltinSSLAdapter):
    """cheroot's adapter, which leaves the handshake to the connection's thread."""

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        """Return the socket before its handshake; what a handshake tells is not known yet."""
        return self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), {}
