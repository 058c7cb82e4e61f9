"""A listener that nobody should come to."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from harness.observations import Observation
from harness.observe import Recorder
from harness.probes.listener import CanaryListener
from harness.redact import Redactor


@pytest.fixture
def listener() -> Iterator[CanaryListener]:
    opened = CanaryListener({"keys": []}, b"certificate")
    yield opened
    opened.close()


@pytest.fixture
def recorder() -> Recorder:
    seen: list[Observation] = []
    return Recorder("s", Redactor(), seen.append)


def test_where_nobody_came_it_tells_that_it_would_have_noticed(listener: CanaryListener, recorder: Recorder) -> None:
    log = listener.observe("log", recorder)
    assert (log.visits, log.noticed) == ((), True)


def test_whoever_comes_is_noticed_and_given_what_an_attacker_has(listener: CanaryListener, recorder: Recorder) -> None:
    with urllib.request.urlopen(listener.url("/keys.json"), timeout=5) as answer:
        assert json.loads(answer.read()) == {"keys": []}
    assert listener.observe("log", recorder).visits == ("GET /keys.json HTTP/1.1",)


def test_who_wants_tls_is_noticed_too(listener: CanaryListener, recorder: Recorder) -> None:
    port = urlsplit(listener.url("/")).port
    with socket.create_connection(("127.0.0.1", port or 0), 5) as visitor:
        visitor.sendall(b"\x16\x03\x01")
        while visitor.recv(100):
            pass
    assert listener.observe("log", recorder).visits == ("no request of HTTP",)
