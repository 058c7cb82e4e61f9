"""What the tap of the network tells of the tokens that travel through it."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest

from harness.redact import Redactor
from harness.targets.reference_sync_network import HELD, KEPT_BACK, SyncNetwork

JWT = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImRldiJ9.eyJzdWIiOiJhbGljZSJ9.0nS3b53FQo1lgezjRaxl2tXWO8KcHlfKpUmy5ZBM8cd1aHTi"


def told_of(redactor: Redactor, presented: str) -> str:
    """What is noted of the token of a push."""
    network = SyncNetwork(redactor)
    network.forget()

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("401 Unauthorized", [])
        return [b""]

    asked = {
        "PATH_INFO": "/sync/push",
        "REQUEST_METHOD": "POST",
        "wsgi.input": io.BytesIO(b"{}"),
        "CONTENT_LENGTH": "2",
        "HTTP_AUTHORIZATION": f"Bearer {presented}",
    }
    list(network.around("api", app)(asked, lambda status, headers, exc_info=None: lambda data: None))
    return network.seen()[0].token


def test_a_token_is_told_by_its_mark() -> None:
    redactor = Redactor()
    assert told_of(redactor, JWT) == redactor.mark(JWT)


@pytest.mark.parametrize("presented", [f"   {JWT}", f"{JWT}, Bearer opaque", "short", "x" * 20_000])
def test_what_is_no_token_is_told_by_its_length_and_nobodys_secret(presented: str) -> None:
    redactor = Redactor()
    assert told_of(redactor, presented) == f"({len(presented)} characters)"
    assert redactor.secrets() == ()


@pytest.mark.parametrize(("behaviour", "done"), [(HELD, 0), (KEPT_BACK, 1)])
def test_a_refresh_is_held_before_or_after_it_is_done(behaviour: str, done: int) -> None:
    network, calls, answers = SyncNetwork(Redactor()), list[str](), list[bytes]()
    network.forget()
    network.behave(behaviour)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        calls.append("token")
        start_response("200 OK", [])
        return [b"{}"]

    sent = b"grant_type=refresh_token&refresh_token=x"
    asked = {"PATH_INFO": "/token", "wsgi.input": io.BytesIO(sent), "CONTENT_LENGTH": str(len(sent))}
    around = network.around("issuer", app)
    asking = threading.Thread(target=lambda: answers.extend(around(asked, lambda *told: lambda data: None)))
    asking.start()
    asking.join(0.2)
    assert (len(calls), answers) == (done, [])
    network.behave()
    asking.join(10)
    assert (calls, answers, network.given_late) == (["token"], [b"{}"], done)
