from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from harness.probes.event_stream import EventStream


class Stream(ThreadingHTTPServer):
    """Sends each text that it is given; ends the stream at None. `status` and `kind` are what it answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.kind = 200, "text/event-stream; charset=utf-8"
        self.texts: list[str | None] = []
        self.authorization = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/events"


class _Handler(BaseHTTPRequestHandler):
    server: Stream

    def do_GET(self) -> None:
        self.server.authorization = self.headers.get("Authorization", "")
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.kind)
        self.end_headers()
        while self.server.status == 200:
            while not self.server.texts:
                time.sleep(0.005)
            text = self.server.texts.pop(0)
            if text is None:
                return
            self.wfile.write(text.encode())
            self.wfile.flush()

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[Stream]:
    running = Stream()
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    yield running
    running.texts.append(None)
    running.shutdown()
    running.server_close()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as one:
        yield one


def test_messages_are_counted_and_heartbeats_are_not(server: Stream, session: requests.Session) -> None:
    stream = EventStream(session, server.url, "Bearer t")
    assert (stream.status, stream.open, server.authorization) == (200, True, "Bearer t")
    server.texts += [": heartbeat\n\n", "event: note\ndata: 1\n\n", ": heartbeat\n\n"]
    stream.wait_for_message(5)
    assert stream.messages == 1
    server.texts.append("data: 2\ndata: more of it\n\n")
    stream.wait_for_message(5)
    assert stream.messages == 2
    assert stream.closed_at is None


def test_the_end_of_a_stream_is_noticed_and_timed(server: Stream, session: requests.Session) -> None:
    stream = EventStream(session, server.url, "Bearer t")
    began = time.monotonic()
    server.texts.append(None)
    stream.wait_for_end(5)
    assert not stream.open
    assert stream.closed_at is not None
    assert began <= stream.closed_at <= time.monotonic()


@pytest.mark.parametrize(("status", "kind"), [(401, "application/json"), (204, "text/event-stream")])
def test_a_refusal_is_no_open_stream(server: Stream, session: requests.Session, status: int, kind: str) -> None:
    server.status, server.kind = status, kind
    stream = EventStream(session, server.url, "Bearer t")
    assert (stream.status, stream.open) == (status, False)


def test_an_answer_of_another_kind_is_no_open_stream(server: Stream, session: requests.Session) -> None:
    server.kind = "text/html"
    server.texts.append(None)
    assert not EventStream(session, server.url, "Bearer t").open


def test_a_server_that_is_not_there_is_told(session: requests.Session) -> None:
    stream = EventStream(session, "http://127.0.0.1:9/", "Bearer t")
    assert (stream.status, stream.open) == (None, False)
    assert stream.error == "connection refused at 127.0.0.1:9"


def test_waiting_ends_when_nothing_comes(server: Stream, session: requests.Session) -> None:
    stream = EventStream(session, server.url, "Bearer t")
    stream.wait_for_message(0.05)
    stream.wait_for_end(0.05)
    assert (stream.messages, stream.open) == (0, True)
    stream.close()
