"""Clients that send half of something, or nothing: they hold up themselves, and nobody else."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from reference_impl import slow_senders
from reference_impl.loopback import LoopbackHost, RunningServer, loopback_session

NAME = "api.dev.localhost"
FOREVER = 120.0  # seconds: longer than any of these tests waits for an answer
HEAD = f"POST / HTTP/1.1\r\nHost: {NAME}\r\n"
BEGUN: Mapping[str, bytes | None] = {
    "no handshake": None,
    "no request": b"",
    "half a head": HEAD.encode(),
    "half a body": f"{HEAD}Content-Length: 1000\r\n\r\nhalf".encode(),
    "a chunk without an end": f"{HEAD}Transfer-Encoding: chunked\r\n\r\n1000\r\nhalf".encode(),
    "chunks without an end": f"{HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n".encode(),
}


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer with the whole body."""
    whole = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 1 << 20))
    start_response("200 OK", [("Content-Length", str(len(whole)))])
    return [whole]


@pytest.fixture
def host(tmp_path: Path) -> LoopbackHost:
    return LoopbackHost(tmp_path)


@pytest.fixture
def server(host: LoopbackHost) -> Iterator[RunningServer]:
    server = host.serve({NAME: echo})
    yield server
    server.stop()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who needs a place keeps it for as long as a test lasts. On a busy machine nobody else needs one."""
    monkeypatch.setattr(slow_senders, "PROMPT", 2.0)
    monkeypatch.setattr(slow_senders, "LONGEST", FOREVER)
    monkeypatch.setattr("cheroot.server.HTTPServer.timeout", FOREVER)


def connect(host: LoopbackHost, server: RunningServer, begun: bytes | None, timeout: float = 60) -> socket.socket:
    """Open a connection and send what is begun there; None: nothing, not even a handshake."""
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=timeout)
    if begun is None:
        return plain
    context = ssl.create_default_context(cafile=str(host.ca_file))
    context.check_hostname = False  # it is asked by its address
    try:
        secured = context.wrap_socket(plain)
        secured.sendall(begun)
    except OSError:
        plain.close()
        raise
    return secured


def answer_of(connection: socket.socket, body: bytes) -> bytes:
    """Receive an answer up to its end, which is this body."""
    came = b""
    while not came.endswith(body):
        more = connection.recv(1000)
        assert more, f"it ended after {came!r}"
        came += more
    return came


@pytest.mark.parametrize("begun", BEGUN)
def test_forty_who_never_end_what_they_began_hold_up_nobody(
    patient: None, host: LoopbackHost, server: RunningServer, begun: str
) -> None:
    with ExitStack() as open_ones, loopback_session(host.ca_file, timeout=60) as http:
        for _ in range(40):
            with suppress(OSError):  # the server may have ended it already
                open_ones.enter_context(connect(host, server, BEGUN[begun], timeout=5))
        for text in ("one", "two"):
            assert http.post(f"https://{NAME}:{server.port}/", data=text).text == text


def test_who_sends_a_byte_now_and_then_is_cut_off(
    host: LoopbackHost, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_senders, "LONGEST", 0.5)
    with connect(host, server, f"{HEAD}Content-Length: 1000000\r\n\r\n".encode()) as dripping:
        dripping.settimeout(0.02)
        for _ in range(3000):
            with suppress(TimeoutError):
                answer = dripping.recv(100)
                break
            dripping.sendall(b"x")
        else:
            pytest.fail("it went on for a minute")
    assert answer.startswith(b"HTTP/1.1 408")


def test_who_is_slow_and_comes_to_an_end_is_served_and_leaves_his_place_to_the_next(
    host: LoopbackHost, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_senders, "PROMPT", 0.01)
    for _ in range(slow_senders.PLACES + 1):
        with connect(host, server, f"{HEAD}Content-Length: 10\r\n\r\nhalf".encode()) as slow:
            time.sleep(0.1)
            slow.sendall(b", half")
            assert answer_of(slow, b"half, half").startswith(b"HTTP/1.1 200")


def test_a_connection_is_used_again_after_it_has_rested(host: LoopbackHost, server: RunningServer) -> None:
    request = f"{HEAD}Content-Length: 4\r\n\r\nmore".encode()
    with connect(host, server, b"") as connection:
        for _ in range(3):
            time.sleep(0.1)
            connection.sendall(request)
            assert b"Connection: close" not in answer_of(connection, b"more")
