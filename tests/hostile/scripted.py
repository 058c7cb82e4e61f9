"""A server on loopback that answers each connection by a script, which may send what it likes."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

__all__ = ["Script", "endlessly", "head", "reset", "scripted"]

Script = Callable[[socket.socket, bytes], object]  # is given the connection and the request
PATIENCE = 20.0  # seconds after which a script gives up sending


def head(*lines: str, status: str = "200 OK") -> bytes:
    """The head of an answer, with these lines in it."""
    return "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *lines, "", ""]).encode("latin-1")


def endlessly(connection: socket.socket, piece: bytes, pause: float = 0.0) -> None:
    """Send a piece again and again, until the other side closes or patience ends."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        connection.sendall(piece)
        if pause:
            time.sleep(pause)


def reset(connection: socket.socket) -> None:
    """End the connection with a reset, not with its orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@contextmanager
def scripted(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve by a script until the block ends; the port of 127.0.0.1."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    threading.Thread(target=_accept, args=(listener, script, tls), daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _accept(listener: socket.socket, script: Script, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection, script, tls), daemon=True).start()


def _answer(connection: socket.socket, script: Script, tls: ssl.SSLContext | None) -> None:
    try:
        with connection if tls is None else tls.wrap_socket(connection, server_side=True) as one:
            one.settimeout(PATIENCE)
            script(one, _request(one))
    except OSError:
        return  # the client has heard enough


def _request(connection: socket.socket) -> bytes:
    """The whole request, as far as one comes."""
    came = b""
    while chunk := connection.recv(65536):
        came += chunk
        start, end, body = came.partition(b"\r\n\r\n")
        length = _LENGTH.search(start)
        if end and len(body) >= int(length[1] if length else 0):
            break
    return came
