"""The loopback port of a sign-in: what it answers, and how long it lives (RFC 8252 §7.3, §8.3)."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.reference_impl.desktop.conftest import Desktop, StartDesktop
from tests.reference_impl.web.fake_issuer import FakeIssuer

Issuer = tuple[FakeIssuer, Path]


def begin(desktop: Desktop) -> tuple[str, str]:
    """Start a sign-in; its authorization request and its redirect URI."""
    url = str(desktop.do("begin_login")["authorize_url"])
    return url, parse_qs(urlsplit(url).query)["redirect_uri"][0]


def is_open(uri: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(uri).port or 0)) == 0


def closes(uri: str) -> bool:
    """Whether its port is given back, in a time that a slow machine takes."""
    end = time.monotonic() + 10
    while is_open(uri) and time.monotonic() < end:
        time.sleep(0.05)
    return not is_open(uri)


def test_each_sign_in_has_a_port_of_its_own_and_the_one_before_is_given_back(start: StartDesktop) -> None:
    desktop = start()
    (_, first), (_, second) = begin(desktop), begin(desktop)
    assert urlsplit(first).port != urlsplit(second).port
    assert closes(first)
    assert is_open(second)
    desktop.close()


def test_a_sign_in_that_is_answered_or_given_up_gives_its_port_back(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start()
    url, answered = begin(desktop)
    assert requests.get(issuer[0].approve(url), timeout=5).status_code == 200
    assert closes(answered)
    _, given_up = begin(desktop)
    assert desktop.do("cancel_login")["ok"]
    assert closes(given_up)
    desktop.close()


@pytest.mark.parametrize(
    ("method", "headers", "change", "status"),
    [
        ("GET", {"Host": "evil.test"}, ("", ""), 421),
        ("POST", {}, ("", ""), 405),
        ("PUT", {}, ("", ""), 405),
        ("GET", {"Sec-Fetch-Dest": "image"}, ("", ""), 403),
        ("GET", {"Sec-Fetch-Dest": "empty"}, ("", ""), 403),
        ("GET", {}, ("/cb?", "/callback?"), 404),
        ("GET", {}, ("/cb?", "/cb/staging?"), 404),
        ("GET", {}, ("state=", "access_token=x&state="), 400),
        ("GET", {}, ("state=", "refresh_token=x&state="), 400),
    ],
)
def test_what_is_no_answer_is_refused_and_the_genuine_one_still_signs_in(
    start: StartDesktop, issuer: Issuer, method: str, headers: dict[str, str], change: tuple[str, str], status: int
) -> None:
    desktop = start()
    callback = issuer[0].approve(begin(desktop)[0])
    answer = requests.request(method, callback.replace(*change) if change[0] else callback, headers=headers, timeout=5)
    assert answer.status_code == status
    assert desktop.do("status")["signed_in"] is False
    assert requests.get(callback, headers={"Sec-Fetch-Dest": "document"}, timeout=5).status_code == 200
    assert desktop.do("status")["signed_in"] is True
    desktop.close()


def test_bytes_that_are_no_http_do_not_end_a_sign_in(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start()
    url, uri = begin(desktop)
    for garbage in (
        b"\x16\x03\x01\x02\x00",
        b"GET /cb\r\n\r\n",
        b"\x00" * 100 + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", urlsplit(uri).port or 0), timeout=5) as connection:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            assert b"200" not in connection.recv(100)
    assert requests.get(issuer[0].approve(url), timeout=5).status_code == 200
    desktop.close()


def test_the_window_takes_no_answer_of_a_sign_in(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start()
    desktop.open_window()
    url, uri = begin(desktop)
    callback = issuer[0].approve(url)
    assert desktop.get(callback.removeprefix(uri.removesuffix("/cb"))).status_code == 404
    assert desktop.do("status")["signed_in"] is False
    desktop.close()


def test_a_sign_in_can_be_given_up_in_the_window(start: StartDesktop) -> None:
    desktop = start()
    desktop.open_window()
    _, uri = begin(desktop)
    assert "given up" in desktop.post("/cancel", {"Origin": desktop.origin}).text
    assert closes(uri)
    desktop.close()
