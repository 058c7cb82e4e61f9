"""The HTTP probe meets hostile servers: whatever they do, it ends within its bounds and says what came."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
import requests
import responses

from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.probes import http
from harness.probes.http import MAX_BODY, HttpProbe
from harness.redact import Redactor

Script = Callable[[socket.socket], object]
Serve = Callable[[Script], str]
SECRET = "q7Zk2vXw9LmR4tYb8NsD1cHf6JgP3aUe5oIy0xWzQiM"


@pytest.fixture
def seen() -> list[Observation]:
    return []


@pytest.fixture
def probe(seen: list[Observation]) -> Iterator[HttpProbe]:
    session = requests.Session()
    session.trust_env = False
    yield HttpProbe(session, Recorder("s", Redactor(), seen.append), stage="dev")
    session.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that answer each connection by a script, which may send what it likes, until the test ends."""
    listeners: list[socket.socket] = []

    def start(script: Script) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=accept, args=(listener, script), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    def accept(listener: socket.socket, script: Script) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection, script), daemon=True).start()

    def answer(connection: socket.socket, script: Script) -> None:
        with connection:
            try:
                connection.recv(65536)
                script(connection)
            except OSError:
                return  # the probe has heard enough

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *lines, "", ""]).encode("latin-1")


def endlessly(connection: socket.socket, piece: bytes, pause: float = 0.0) -> None:
    """Send a piece again and again, until the other side closes or half a minute has passed."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        connection.sendall(piece)
        if pause:
            time.sleep(pause)


def test_an_exchange_is_recorded_as_it_was(probe: HttpProbe, seen: list[Observation]) -> None:
    with responses.RequestsMock() as server:
        server.post("http://issuer/token", json={"a": 1}, status=201, headers={"X-One": "1"})
        answer = probe.post("a case", "http://issuer/token", {"grant_type": "x y"}, query="q=1", client="web")
    (exchange,) = seen
    assert isinstance(exchange, HttpExchange)
    assert (exchange.case, exchange.about, exchange.method) == ("a case", {"stage": "dev", "client": "web"}, "POST")
    assert (exchange.url, exchange.request_body) == ("http://issuer/token?q=1", "grant_type=x+y")
    assert (exchange.status, exchange.header("x-one"), exchange.json()) == (201, "1", {"a": 1})
    assert (exchange.truncated, exchange.error, exchange.body_bytes) == (False, "", len('{"a": 1}'))
    assert (answer.status, answer.json(), answer.observation.id) == (201, {"a": 1}, "s#1")


def test_secrets_are_for_the_next_request_and_not_for_the_record(probe: HttpProbe, seen: list[Observation]) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/token", json={"access_token": SECRET})
        answer = probe.get("a case", "http://issuer/token")
    assert answer.json()["access_token"] == SECRET
    assert SECRET not in repr(seen)
    assert SECRET not in repr(answer)


def test_a_request_may_go_unrecorded(probe: HttpProbe, seen: list[Observation]) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/", body="x")
        assert probe.get("a case", "http://issuer/", record=False).status == 200
    assert seen == []


def test_cookies_are_those_of_the_user_agent(probe: HttpProbe) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/login", headers={"Set-Cookie": "sid=1; Path=/"})
        server.get("http://issuer/home", match=[responses.matchers.header_matcher({"Cookie": "sid=1"})])
        probe.get("login", "http://issuer/login")
        assert probe.get("home", "http://issuer/home").status == 200


@pytest.mark.parametrize(
    ("body", "parsed"), [('{"a": 1}', {"a": 1}), ("[1]", {}), ("<html>", {}), ("", {}), ("null", {})]
)
def test_a_body_that_is_no_json_object_is_none(probe: HttpProbe, body: str, parsed: dict[str, int]) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/", body=body)
        assert probe.get("a case", "http://issuer/").json() == parsed


@pytest.mark.parametrize(
    ("status", "location", "target"),
    [
        (302, "/next?a=1", "http://issuer/next?a=1"),
        (303, "https://other/x", "https://other/x"),
        (200, "/next", ""),
        (304, "/next", ""),
    ],
)
def test_a_redirect_is_told_absolutely_and_not_followed(
    probe: HttpProbe, status: int, location: str, target: str
) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/", status=status, headers={"Location": location})
        answer = probe.get("a case", "http://issuer/")
        assert (answer.status, answer.location) == (status, target)
        assert len(server.calls) == 1


def test_a_redirect_loop_is_one_request(probe: HttpProbe, serve: Serve) -> None:
    asked: list[int] = []

    def loop(connection: socket.socket) -> None:
        asked.append(1)
        connection.sendall(head("Location: /", "Content-Length: 0", status="302 Found"))

    answer = probe.get("a case", serve(loop))
    assert (answer.status, len(asked)) == (302, 1)


@pytest.mark.parametrize("error", [requests.ConnectionError("refused"), requests.Timeout("slow"), OSError("broken")])
def test_an_error_of_the_transport_is_an_answer_without_status(
    probe: HttpProbe, seen: list[Observation], error: Exception
) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/", body=error)
        answer = probe.get("a case", "http://issuer/")
    (exchange,) = seen
    assert isinstance(exchange, HttpExchange)
    assert (answer.status, exchange.status) == (0, None)
    assert exchange.error.startswith(type(error).__name__)


def test_an_error_of_the_probe_itself_is_not_taken_for_an_answer(probe: HttpProbe) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/", body=ZeroDivisionError("a bug"))
        with pytest.raises(ZeroDivisionError):
            probe.get("a case", "http://issuer/")


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (lambda c: c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"), "ConnectionError"),  # reset
        (lambda c: None, "ConnectionError"),  # closed
        (lambda c: c.sendall(b"SSH-2.0-OpenSSH_9\r\n"), "ConnectionError"),
        (lambda c: c.sendall(head("X: " + "x" * 70_000)), "ConnectionError"),
        (lambda c: c.sendall(head(*(f"X-{n}: x" for n in range(2_000)))), "ConnectionError"),
        (lambda c: c.sendall(head("Content-Length: 100") + b"short"), "ChunkedEncodingError"),
        (lambda c: c.sendall(head("Transfer-Encoding: chunked") + b"zz\r\n"), "ChunkedEncodingError"),
        (lambda c: c.sendall(head("Content-Encoding: gzip") + b"no gzip"), "ContentDecodingError"),
    ],
)
def test_an_answer_that_breaks_off_or_is_none_is_an_error(
    probe: HttpProbe, serve: Serve, script: Script, error: str
) -> None:
    answer = probe.get("a case", serve(script))
    assert (answer.status, answer.text) == (0, "")
    assert answer.error.startswith(error)


@pytest.mark.parametrize("status", ["200 OK", "302 Found"])
def test_an_endless_body_is_cut(probe: HttpProbe, serve: Serve, seen: list[Observation], status: str) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(head("Location: /next", "Content-Type: text/plain", status=status))
        endlessly(connection, b"x" * 65536)

    answer = probe.get("a case", serve(endless))
    (exchange,) = seen
    assert isinstance(exchange, HttpExchange)
    assert (answer.status, len(answer.text)) == (int(status[:3]), MAX_BODY)
    assert (exchange.truncated, exchange.body_bytes) == (True, MAX_BODY + 1)


@pytest.mark.parametrize("status", ["200 OK", "302 Found"])
def test_a_gzip_bomb_is_cut_before_it_fills_the_memory(probe: HttpProbe, serve: Serve, status: str) -> None:
    bomb = gzip.compress(bytes(60_000_000), 1)

    def drop(connection: socket.socket) -> None:
        connection.sendall(head("Location: /", "Content-Encoding: gzip", f"Content-Length: {len(bomb)}", status=status))
        connection.sendall(bomb)

    address = serve(drop)
    tracemalloc.start()
    try:
        answer = probe.get("a case", address)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (answer.status, len(answer.text)) == (int(status[:3]), MAX_BODY)
    assert most < 20_000_000


@pytest.mark.parametrize(
    "opening",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        head("Content-Type: text/plain"),
        head("Content-Length: 100000"),
        head("Transfer-Encoding: chunked") + b"10000\r\n",
    ],
)
def test_an_answer_that_drips_is_given_up_at_the_deadline(
    probe: HttpProbe, serve: Serve, opening: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "DEADLINE", 0.3)

    def drip(connection: socket.socket) -> None:
        connection.sendall(opening)
        endlessly(connection, b"x", 0.02)

    started = time.monotonic()
    answer = probe.get("a case", serve(drip))
    assert time.monotonic() - started < 5
    assert (answer.status, answer.error) == (0, "Timeout: no whole answer within 0.3 s")


@pytest.mark.parametrize("charset", ["no-such-charset", "hex", "utf-8; charset=x", "punycode", "undefined", "\x00"])
def test_a_charset_that_is_none_leaves_the_body_readable(probe: HttpProbe, serve: Serve, charset: str) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(head(f"Content-Type: text/html; charset={charset}") + "grüße".encode())

    got = probe.get("a case", serve(answer))
    assert got.status == 200, got.error
    assert "gr" in got.text


def test_bytes_that_are_no_text_are_replaced(probe: HttpProbe) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/", body=b"\xff{}", content_type="application/json; charset=utf-8")
        assert probe.get("a case", "http://issuer/").text == "�{}"


@pytest.mark.parametrize("location", ["http://[", "//", "\\\\evil.example", "http://a:b:c/", "%00", "x" * 60_000])
def test_a_location_that_is_no_address_is_still_an_answer(probe: HttpProbe, serve: Serve, location: str) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(head(f"Location: {location}", "Content-Length: 0", status="302 Found"))

    got = probe.get("a case", serve(answer))
    assert (got.status, got.observation.location) == (302, location)
