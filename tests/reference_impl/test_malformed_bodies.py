"""Bodies that are none, at a real server: answered at once as the sender's mistake, with the headers of any answer."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reference_impl import slow_senders
from reference_impl.loopback import LoopbackHost, RunningServer
from reference_impl.web.app import create_web_app

Bench = Any  # conftest's
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
HOSTS = {"issuer": "auth.dev.localhost", "api": "api.dev.localhost", "web": "app.dev.localhost"}


@pytest.fixture
def host(tmp_path: Path) -> LoopbackHost:
    return LoopbackHost(tmp_path)


@pytest.fixture
def server(bench: Bench, host: LoopbackHost) -> Iterator[RunningServer]:
    apps = bench.issuer.app, bench.api, create_web_app(bench.config)
    server = host.serve(dict(zip(HOSTS.values(), apps, strict=True)))
    yield server
    server.stop()


def ask(host: LoopbackHost, port: int, head: str, body: bytes) -> str:
    """Send head and body as they are; return what comes until the server ends the connection."""
    context = ssl.create_default_context(cafile=str(host.ca_file))
    context.check_hostname = False  # it is asked by its address
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        context.wrap_socket(plain) as connection,
    ):
        connection.sendall(head.encode() + body)
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode()


@pytest.mark.parametrize(
    ("name", "path"),
    [("issuer", path) for path in ("/token", "/revoke", "/introspect", "/login", "/logout")] + [("web", "/logout")],
)
@pytest.mark.parametrize("body", [b"zz\r\n\r\n", b"5\r\na=bcdXX0\r\n\r\n", b"200000\r\n\r\n"])
def test_a_form_in_bad_chunks_is_a_mistake_of_its_sender(
    host: LoopbackHost, server: RunningServer, name: str, path: str, body: bytes
) -> None:
    origin = f"https://{HOSTS[name]}:8443"
    head = f"POST {path} HTTP/1.1\r\nHost: {HOSTS[name]}:8443\r\nOrigin: {origin}\r\nContent-Type: {FORM}\r\n"
    answer = ask(host, server.port, f"{head}Transfer-Encoding: chunked\r\n\r\n", body)
    assert answer.startswith("HTTP/1.1 400 ")
    assert "X-Content-Type-Options: nosniff\r\n" in answer
    assert "Content-Security-Policy: default-src 'none'" in answer
    assert "Cache-Control: no-store\r\n" in answer


@pytest.mark.parametrize("body", [b"zz\r\n\r\n", b"5\r\na=bcdXX0\r\n\r\n"])
def test_json_in_bad_chunks_is_none_to_the_api(
    bench: Bench, host: LoopbackHost, server: RunningServer, body: bytes
) -> None:
    token = bench.login()["access_token"]
    head = f"POST /notes HTTP/1.1\r\nHost: {HOSTS['api']}:8443\r\nAuthorization: Bearer {token}\r\n"
    answer = ask(host, server.port, f"{head}Content-Type: {JSON}\r\nTransfer-Encoding: chunked\r\n\r\n", body)
    assert answer.startswith("HTTP/1.1 400 ")
    assert "X-Content-Type-Options: nosniff\r\n" in answer


@pytest.mark.parametrize("form", ["Content-Length: 1000\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"])
def test_a_body_that_does_not_come_is_its_senders_mistake_and_not_the_storages(
    bench: Bench, host: LoopbackHost, server: RunningServer, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_senders, "LONGEST", 0.5)
    token = bench.login()["access_token"]
    head = f"POST /notes HTTP/1.1\r\nHost: {HOSTS['api']}:8443\r\nAuthorization: Bearer {token}\r\n"
    answer = ask(host, server.port, f"{head}Content-Type: {JSON}\r\n{form}", b"")
    assert answer.startswith("HTTP/1.1 400 ")
    assert "Connection: close\r\n" in answer
