"""Both HTTP clients meet hostile servers: whatever they do, each ends within its bounds and says what came."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from harness.probes.clients import CLIENTS, Bounds, Exchanged, HttpClient, decode, new_client
from harness.time_limit import TimeLimit
from tests.hostile.scripted import Script, endlessly, head, reset, scripted

Serve = Callable[[Script], str]
Clients = Callable[..., HttpClient]
BOUNDS = Bounds(body=100_000, wire=400_000)
HASTY = Bounds(whole=0.3)
FOR_EVER = 60.0  # seconds; what would not end is ended, and fails


@pytest.fixture(params=[1, 2], ids=CLIENTS)
def clients(request: pytest.FixtureRequest) -> Iterator[Clients]:
    with ExitStack() as closing:

        def make(bounds: Bounds = BOUNDS, ca_file: Path | None = None) -> HttpClient:
            client = new_client(request.param, ca_file, bounds)
            closing.callback(client.close)
            return client

        yield make


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as closing:
        yield lambda script: f"http://127.0.0.1:{closing.enter_context(scripted(script))}/"


def resets_half_way(connection: socket.socket, request: bytes) -> None:
    connection.sendall(head("Content-Length: 10"))
    reset(connection)


def get(client: HttpClient, url: str) -> Exchanged:
    return client.exchange("GET", url, {})


def test_each_trial_has_a_client_of_its_own() -> None:
    assert [new_client(trial).name for trial in (1, 2)] == list(CLIENTS)


def test_what_is_sent_is_what_was_asked(clients: Clients, serve: Serve) -> None:
    heard: list[bytes] = []

    def listen(connection: socket.socket, request: bytes) -> None:
        heard.append(request)

    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Content-Type": "text/x"}
    clients().exchange("POST", serve(listen) + "a%20b?c=%00&d=é&e=1&e=2", headers, "b=1")
    (request,) = heard
    assert request.startswith(b"POST /a%20b?c=%00&d=%C3%A9&e=1&e=2 HTTP/1.1\r\n")
    assert request.lower().count(b"\r\nhost:") == 1
    for line in (b"Host: evil.example", b"X-Forwarded-Host: evil.example", b"Content-Type: text/x"):
        assert b"\r\n" + line + b"\r\n" in request
    assert request.endswith(b"\r\n\r\nb=1")


def test_a_header_that_is_given_twice_is_sent_twice(clients: Clients, serve: Serve) -> None:
    heard: list[bytes] = []
    address = serve(lambda connection, request: heard.append(request))
    clients().exchange("GET", address, {"Authorization": "Bearer a", "authorization": "Bearer b"})
    sent = [line.lower() for line in heard[0].split(b"\r\n") if line.lower().startswith(b"authorization:")]
    assert sent == [b"authorization: bearer a", b"authorization: bearer b"]


def test_a_name_under_localhost_is_on_loopback(clients: Clients, serve: Serve) -> None:
    heard: list[bytes] = []
    address = serve(lambda connection, request: heard.append(request)).replace("127.0.0.1", "auth.dev.localhost")
    get(clients(), address)
    assert b"\r\nHost: auth.dev.localhost:" in heard[0]


def test_cookies_are_kept_and_sent_where_they_belong(clients: Clients, serve: Serve) -> None:
    heard: list[bytes] = []

    def login(connection: socket.socket, request: bytes) -> None:
        heard.append(request)
        connection.sendall(head("Set-Cookie: sid=1; Path=/in", "Set-Cookie: b=2; Path=/", "Content-Length: 0"))

    client, address = clients(), serve(login)
    get(client, address)
    assert client.cookies_for(address) == "b=2"
    assert client.cookies_for(address + "in/") == "sid=1; b=2"
    assert client.cookies_for("http://other.example/") == ""
    get(client, address + "in/")
    assert b"\r\nCookie: sid=1; b=2\r\n" in heard[1]


def test_cookies_that_no_browser_would_keep_are_not_kept(clients: Clients, serve: Serve) -> None:
    crumbs = [f"Set-Cookie: {'c' * 9}{n}={'x' * 3000}; Path=/" for n in range(60)]
    large = f"Set-Cookie: large={'x' * 5000}; Path=/"
    client = clients()
    address = serve(lambda connection, request: connection.sendall(head(large, *crumbs, "Content-Length: 0")))
    for _ in range(4):
        get(client, address)
    sent = client.cookies_for(address)
    assert "large" not in sent
    assert 0 < sent.count("=") <= 180


def test_a_server_that_closes_without_a_word_is_asked_anew_each_time(clients: Clients, serve: Serve) -> None:
    answered = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"  # says nothing of closing, and the script then does
    heard: list[bytes] = []

    def close(connection: socket.socket, request: bytes) -> None:
        heard.append(request)
        connection.sendall(answered)

    client, address = clients(), serve(close)
    came = [get(client, address) for _ in range(20)]
    assert {(answer.text, answer.error) for answer in came} == {("ok", "")}
    assert all(b"\r\nConnection: close\r\n" in request for request in heard)


def test_a_redirect_is_not_followed(clients: Clients, serve: Serve) -> None:
    asked: list[bytes] = []

    def loop(connection: socket.socket, request: bytes) -> None:
        asked.append(request)
        connection.sendall(head("Location: /", "Content-Length: 0", status="302 Found"))

    answer = get(clients(), serve(loop))
    assert (answer.status, dict(answer.headers)["Location"], len(asked)) == (302, "/", 1)


@pytest.mark.parametrize("location", ["http://[", "//", "\\\\evil.example", "http://a:b:c/", "%00", "x" * 60_000])
def test_a_location_that_is_no_address_is_still_an_answer(clients: Clients, serve: Serve, location: str) -> None:
    answered = head(f"Location: {location}", "Content-Length: 0", status="302 Found")
    answer = get(clients(), serve(lambda connection, request: connection.sendall(answered)))
    assert (answer.status, dict(answer.headers)["Location"]) == (302, location)


@pytest.mark.parametrize(
    "script",
    [
        lambda c, _: reset(c),
        lambda c, _: None,  # closed
        lambda c, _: c.sendall(b"SSH-2.0-OpenSSH_9\r\n"),
        lambda c, _: c.sendall(head("X: " + "x" * 70_000)),
        lambda c, _: c.sendall(head(*(f"X-{n}: x" for n in range(2_000)))),
        lambda c, _: c.sendall(head("Content-Length: 100") + b"short"),
        lambda c, _: c.sendall(head("Transfer-Encoding: chunked") + b"zz\r\n"),
        lambda c, _: c.sendall(head("Transfer-Encoding: chunked") + b"5\r\nab"),
        lambda c, _: c.sendall(head("Content-Encoding: gzip") + b"no gzip"),
        lambda c, _: c.sendall(head("Content-Encoding: " + "gzip, " * 50) + gzip.compress(b"")),
        lambda c, _: c.sendall(head(status="103 Early Hints")),
        lambda c, _: c.sendall(b"HTTP/1.1 " + b"9" * 5_000 + b" OK\r\n\r\n"),
        resets_half_way,
    ],
)
def test_an_answer_that_breaks_off_or_is_none_is_an_error(clients: Clients, serve: Serve, script: Script) -> None:
    answer = get(clients(), serve(script))
    assert (answer.status, answer.headers, answer.text) == (0, (), "")
    assert answer.error


@pytest.mark.parametrize("status", ["200 OK", "302 Found"])
def test_an_endless_body_is_cut(clients: Clients, serve: Serve, status: str) -> None:
    def endless(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head("Location: /next", "Content-Type: text/plain", status=status))
        endlessly(connection, b"x" * 65536)

    answer = get(clients(), serve(endless))
    assert (answer.status, len(answer.text), answer.size) == (int(status[:3]), BOUNDS.body, BOUNDS.body + 1)


@pytest.mark.parametrize(
    ("opening", "piece"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
        (b"HTTP/1.1 100 Continue\r\n", b"X: x\r\n" * 99 + b"\r\nHTTP/1.1 100 Continue\r\n"),
        (head("Transfer-Encoding: chunked"), b"1;" + b"x" * 9_000 + b"\r\n"),
        (head("Transfer-Encoding: chunked"), b"1;" + b"x" * 60_000 + b"\r\nx\r\n"),
    ],
)
def test_a_flood_that_is_no_body_is_an_error(clients: Clients, serve: Serve, opening: bytes, piece: bytes) -> None:
    def flood(connection: socket.socket, request: bytes) -> None:
        connection.sendall(opening)
        endlessly(connection, piece)

    with TimeLimit(FOR_EVER):
        answer = get(clients(), serve(flood))
    assert (answer.status, answer.text) == (0, "")


@pytest.mark.parametrize("codings", [1, 2, 3])
def test_a_bomb_is_cut_before_it_fills_the_memory(clients: Clients, serve: Serve, codings: int) -> None:
    bomb = gzip.compress(bytes(60_000_000), 1)
    for _ in range(codings - 1):
        bomb = gzip.compress(bomb)
    answered = head("Content-Encoding: " + ", ".join(["gzip"] * codings), f"Content-Length: {len(bomb)}") + bomb
    client, address = clients(), serve(lambda connection, request: connection.sendall(answered))
    tracemalloc.start()
    try:
        answer = get(client, address)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (answer.status, answer.size) == (200, BOUNDS.body + 1)
    assert most < 20_000_000


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"hello" * 40_000)),
        ("deflate", zlib.compress(b"hello" * 40_000)),
        ("deflate", zlib.compress(b"hello" * 40_000)[2:-4]),
        ("deflate, gzip", gzip.compress(zlib.compress(b"hello" * 40_000))),
        ("identity", b"hello" * 40_000),
    ],
)
def test_what_is_packed_is_unpacked(clients: Clients, serve: Serve, coding: str, packed: bytes) -> None:
    answered = head(f"Content-Encoding: {coding}", f"Content-Length: {len(packed)}") + packed
    address = serve(lambda connection, request: connection.sendall(answered))
    answer = get(clients(Bounds()), address)
    assert (answer.status, answer.text == "hello" * 40_000, answer.size) == (200, True, 200_000), answer.error


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
def test_an_answer_that_drips_is_given_up_at_the_deadline(clients: Clients, serve: Serve, opening: bytes) -> None:
    def drip(connection: socket.socket, request: bytes) -> None:
        connection.sendall(opening)
        endlessly(connection, b"x", 0.02)

    answer = get(clients(HASTY), serve(drip))
    assert answer.seconds < 1
    assert (answer.status, answer.error) == (0, "timed out: no whole answer within 0.3 s")


def test_silence_is_given_up(clients: Clients, serve: Serve) -> None:
    answer = get(clients(Bounds(between=0.2)), serve(lambda connection, request: time.sleep(2)))
    assert answer.status == 0
    assert answer.seconds < 1
    assert answer.error.startswith("timed out at 127.0.0.1:")


def test_a_connection_that_none_takes_is_an_error(clients: Clients) -> None:
    with scripted(lambda connection, request: None) as port:
        pass
    answer = get(clients(), f"http://127.0.0.1:{port}/")
    assert (answer.status, answer.error) == (0, f"connection refused at 127.0.0.1:{port}")


@pytest.mark.parametrize(
    "url", ["http://a b/", "http://127.0.0.1:99999/", "http://%/", "http://[::", "x:", "http://é."]
)
def test_an_address_that_is_none_is_an_error(clients: Clients, url: str) -> None:
    answer = get(clients(), url)
    assert answer.status == 0
    assert answer.error


def test_a_header_that_is_none_is_an_error_and_sends_nothing(clients: Clients, serve: Serve) -> None:
    heard: list[bytes] = []
    address = serve(lambda connection, request: heard.append(request))
    answer = clients().exchange("GET", address, {"X": "a\r\nEvil: b"})
    assert (answer.status, answer.error != "") == (0, True)
    assert not any(heard)


def test_a_certificate_counts_only_for_its_name_and_from_its_authority(clients: Clients, tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    for name, ca in (("ours.pem", authority), ("theirs.pem", stranger)):
        ca.cert_pem.write_to_path(str(tmp_path / name))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("auth.dev.localhost").configure_cert(context)
    answered = head("Content-Length: 2") + b"ok"
    with scripted(lambda connection, request: connection.sendall(answered), context) as port:
        right, wrong = f"https://auth.dev.localhost:{port}/", f"https://auth.prod.localhost:{port}/"
        assert get(clients(ca_file=tmp_path / "ours.pem"), right).text == "ok"
        for trusted, url in (("ours.pem", wrong), ("theirs.pem", right)):
            answer = get(clients(ca_file=tmp_path / trusted), url)
            assert answer.status == 0
            assert answer.error.startswith(f"TLS: the certificate of {urlsplit(url).netloc} is not accepted: ")


def test_an_error_of_the_client_itself_is_not_taken_for_an_answer(
    clients: Clients, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("requests_client", "plain_client"):
        monkeypatch.setattr(f"harness.probes.{module}.decode", lambda *_: 1 / 0)
    address = serve(lambda connection, request: connection.sendall(head("Content-Length: 0")))
    with pytest.raises(ZeroDivisionError):
        get(clients(), address)


@pytest.mark.parametrize(
    "charset", ["no-such-charset", "hex", "utf-8; charset=x", "punycode", "idna", "undefined", "\x00"]
)
def test_a_charset_that_is_none_leaves_the_body_readable(charset: str) -> None:
    assert decode("grüße".encode(), f"text/html; charset={charset}") == "grüße"


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "'iso-8859-1'", '"windows-1252"', "utf-16le"])
def test_a_charset_of_real_pages_is_heeded(charset: str) -> None:
    assert decode("grüße".encode(charset.strip("\"'")), f"text/html; charset={charset}") == "grüße"


def test_a_charset_that_would_be_decoded_for_ever_is_not_heeded() -> None:
    body = b"-" + b"a" * 1_000_000
    with TimeLimit(FOR_EVER):
        assert decode(body, "text/html; charset=punycode") == body.decode()
