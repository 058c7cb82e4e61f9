"""A login in a browser where its pages come slowly, without an end, or packed."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.probes import browser_login
from harness.probes.browser import Chromium
from harness.probes.browser_login import BrowserLogin
from harness.probes.clients import Bounds, new_client
from harness.probes.governor import Governor
from harness.probes.http import Answer, HttpProbe
from harness.probes.login import Journey, Login, LoginStep, User
from harness.targets.proposal import NAME_FIRST_IN_A_BROWSER
from tests.hostile.scripted import Script, endlessly, head, scripted

CALLBACK = "http://client.test/cb"
USER = User("alice", "correct horse battery")
FORM = (
    b'<form method="post" action="/in"><input name="user"><input type="password" name="pw"><button>In</button></form>'
)
DONE = head(f"Location: {CALLBACK}?code=c0de-c0de-c0de", "Content-Length: 0", status="302 Found")
Go = Callable[..., Answer]


@pytest.fixture
def go(chromium: Chromium, recorder: Recorder) -> Iterator[Go]:
    """Logs in at a server that answers by this script."""
    recorder.redactor.register(USER.password, "password")
    client = new_client(bounds=Bounds(body=60_000))

    def gone(script: Script, *steps: LoginStep) -> Answer:
        walk = BrowserLogin(chromium.new_context, Governor(), recorder)
        agent = HttpProbe(client, recorder, {"127.0.0.1"})
        with scripted(script) as port:
            ends = lambda location: location.startswith(CALLBACK)  # noqa: E731
            url = f"http://127.0.0.1:{port}/authorize"
            return walk(agent, Journey("login", url, Login("browser", steps), USER, False, ends, {}))[0]

    yield gone
    client.close()


def after_the_form(rest: Script) -> Script:
    """Shows the form, and answers what it sends by the rest."""

    def script(connection: socket.socket, request: bytes) -> None:
        if request.startswith(b"POST"):
            rest(connection, request)
        else:
            connection.sendall(head("Content-Type: text/html") + FORM)

    return script


def test_a_page_without_an_end_is_read_within_the_bound_and_not_shown(go: Go, kept: list[Observation]) -> None:
    def without_end(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head("Content-Type: text/html"))
        endlessly(connection, b"<p>more</p>" * 6_000)

    answer = go(after_the_form(without_end))
    assert str(answer) == "HTTP 200, cut off after 60,000 characters"
    assert [one.truncated for one in kept if isinstance(one, HttpExchange)] == [False, True]


def test_a_page_that_drips_is_no_answer(
    go: Go, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(browser_login, "END_SECONDS", 2.0)

    def drips(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head("Content-Type: text/html", "Content-Length: 9999"))
        endlessly(connection, b"x", 0.1)

    answer = go(after_the_form(drips))
    assert (answer.status, answer.error[:34]) == (0, "timed out: no whole answer within ")
    assert "Traceback" not in capfd.readouterr().err


def test_an_answer_that_takes_its_time_is_waited_for(go: Go) -> None:
    def slow(connection: socket.socket, request: bytes) -> None:
        time.sleep(3 * browser_login.SETTLED_SECONDS)
        connection.sendall(DONE)

    assert go(after_the_form(slow)).location.startswith(f"{CALLBACK}?code=")


def test_a_packed_page_is_shown_as_it_is(go: Go) -> None:
    def packed(connection: socket.socket, request: bytes) -> None:
        page = DONE if request.startswith(b"POST") else head("Content-Type: text/html", "Content-Encoding: gzip")
        connection.sendall(page + (b"" if page == DONE else gzip.compress(FORM)))

    assert go(packed).location.startswith(f"{CALLBACK}?code=")


def test_the_steps_that_init_proposes_go_through_a_login_that_asks_for_the_name_first(go: Go) -> None:
    def pages(connection: socket.socket, request: bytes) -> None:
        asks = {b"GET": b'<input type="text" name="user">', b"POST": b'<input type="password" name="pw">'}
        page = (
            b'<form method="post" action="/in">%s<button type="submit">Next</button></form>' % asks[request.split()[0]]
        )
        is_done = b"pw=" in request
        connection.sendall(DONE if is_done else head("Content-Type: text/html") + page)

    assert go(pages, *NAME_FIRST_IN_A_BROWSER).location.startswith(f"{CALLBACK}?code=")
