"""https on loopback: one port for several hosts, and a client that checks whom it speaks to."""

from __future__ import annotations

import gc
import os
import socket
import ssl
import weakref
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
import requests

from reference_impl.loopback import LoopbackHost, RunningServer, loopback_session


def says(text: str) -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/away":
            start_response("302 Found", [("Location", f"https://api.dev.localhost:{environ['SERVER_PORT']}/")])
            return []
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{text} {environ['HTTP_HOST']}".encode()]

    return app


@pytest.fixture
def host(tmp_path: Path) -> LoopbackHost:
    return LoopbackHost(tmp_path)


@pytest.fixture
def server(host: LoopbackHost) -> Iterator[RunningServer]:
    server = host.serve({"auth.dev.localhost": says("auth"), "api.dev.localhost": says("api")})
    yield server
    server.stop()


@pytest.fixture
def http(host: LoopbackHost) -> Iterator[requests.Session]:
    with loopback_session(host.ca_file) as session:
        yield session


def test_each_host_gets_its_own_application(server: RunningServer, http: requests.Session) -> None:
    for name in ("auth", "api"):
        netloc = f"{name}.dev.localhost:{server.port}"
        assert http.get(f"https://{netloc}/").text == f"{name} {netloc}"


def test_the_application_is_told_of_every_authorization(host: LoopbackHost) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{environ['HTTP_AUTHORIZATION']} {environ['HTTP_X']}".encode()]

    server = host.serve({"api.dev.localhost": app})
    try:
        with closing(HTTPSConnection("127.0.0.1", server.port, context=trusting(host))) as connection:
            connection.putrequest("GET", "/", skip_host=True)
            for name, value in (("Host", "api.dev.localhost"), ("Authorization", "a"), ("authorization", "b")):
                connection.putheader(name, value)
            connection.putheader("X", "1")
            connection.putheader("X", "2")
            connection.endheaders()
            assert connection.getresponse().read() == b"a, b 2"
    finally:
        server.stop()


def trusting(host: LoopbackHost) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(host.ca_file))
    context.check_hostname = False  # it is asked by its address
    return context


def test_a_host_that_is_not_served_gets_421(server: RunningServer, http: requests.Session) -> None:
    assert http.get(f"https://auth.prod.localhost:{server.port}/").status_code == 421
    forged = http.get(f"https://auth.dev.localhost:{server.port}/", headers={"Host": "auth.prod.localhost"})
    assert forged.status_code == 421


def test_a_redirect_to_another_host_reaches_that_host(server: RunningServer, http: requests.Session) -> None:
    assert http.get(f"https://auth.dev.localhost:{server.port}/away").text.startswith("api api.dev.localhost")


def test_a_certificate_is_checked_for_name_and_authority(
    server: RunningServer, http: requests.Session, tmp_path: Path
) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        http.get(f"https://auth.other.localhost:{server.port}/")
    with (
        loopback_session(LoopbackHost(tmp_path / "other").ca_file) as stranger,
        pytest.raises(requests.exceptions.SSLError),
    ):
        stranger.get(f"https://auth.dev.localhost:{server.port}/")


def test_plain_http_gets_nothing(server: RunningServer, http: requests.Session) -> None:
    try:
        response = http.get(f"http://auth.dev.localhost:{server.port}/")
    except requests.ConnectionError:
        return
    assert response.status_code == 400
    assert "auth auth" not in response.text


def test_a_stopped_server_takes_no_connections(host: LoopbackHost, http: requests.Session) -> None:
    server = host.serve({})
    server.stop()
    server.stop()
    with pytest.raises(requests.ConnectionError):
        http.get(f"https://auth.dev.localhost:{server.port}/")


def test_a_port_that_is_taken_is_refused(host: LoopbackHost, server: RunningServer) -> None:
    with pytest.raises(OSError, match="in use"):
        host.listen(server.port)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such mode")
def test_the_private_key_is_for_its_owner_only(host: LoopbackHost) -> None:
    assert host.cert_file.stat().st_mode & 0o077 == 0


def test_a_listener_that_was_closed_is_forgotten(host: LoopbackHost) -> None:
    served = says("auth")
    host.serve({"auth.dev.localhost": served}).stop()
    kept = weakref.ref(served)
    del served
    gc.collect()
    assert kept() is None


def test_headers_without_an_end_are_refused(server: RunningServer, http: requests.Session) -> None:
    answer = http.get(f"https://api.dev.localhost:{server.port}/", headers={"X": "x" * (1 << 16)})
    assert answer.status_code == 413


@pytest.mark.parametrize("body", [b"zz\r\n", b"2\r\nabc", b"28\r\n", b"-1\r\n"])
def test_what_is_left_of_a_body_in_chunks_is_no_request(host: LoopbackHost, body: bytes) -> None:
    asked: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response("401 Unauthorized", [("Content-Length", "0")])
        return []

    server = host.serve({"api.dev.localhost": app})
    head = b"POST /first HTTP/1.1\r\nHost: api.dev.localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    second = b"GET /second HTTP/1.1\r\nHost: api.dev.localhost\r\n\r\n"
    try:
        with (
            socket.create_connection(("127.0.0.1", server.port), timeout=30) as plain,
            trusting(host).wrap_socket(plain) as connection,
        ):
            connection.sendall(head + body + second)
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    finally:
        server.stop()
    assert asked == ["/first"]
    assert (answer.count(b"HTTP/1.1"), b"Connection: close" in answer) == (1, True)
