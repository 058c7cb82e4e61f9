"""What the tap of the network tells of the tokens that travel through it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from harness.redact import Redactor
from harness.targets.reference_sync_network import SyncNetwork

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
