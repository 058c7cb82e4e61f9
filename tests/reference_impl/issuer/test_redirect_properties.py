"""Redirect URIs near a registered one: only the very same is accepted, or another port of a native loopback address."""

from __future__ import annotations

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reference_impl.config import Client
from reference_impl.issuer.clients import ClientRegistry

WEB = Client("web", ("https://app.example.com/callback",))
NATIVE = Client("desktop", ("http://127.0.0.1/cb", "http://[::1]/cb"), native=True)
REGISTRY = ClientRegistry([WEB, NATIVE])
WITH_PORT = re.compile(r"http://(127\.0\.0\.1|\[::1\]):([0-9]{1,5})/cb")  # RFC 8252 §7.3
PIECES = (
    "/",
    "?",
    "#",
    "@",
    ":",
    "\\",
    "..",
    "%2e",
    "%2F",
    " ",
    "\n",
    "\0",
    "evil.example",
    "https://",
    ":8080",
    "é",
    "A",
)


@st.composite
def near(draw: st.DrawFn, client: Client) -> str:
    """A registered URI with a few pieces put in, taken out or written otherwise."""
    uri = draw(st.sampled_from(client.redirect_uris))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(uri)))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.characters(), st.just("")))
        gone = draw(st.integers(0, 2))
        uri = uri[:place] + piece + uri[place + gone :]
    return draw(st.sampled_from([uri, uri.swapcase(), uri.upper(), f"{uri} ", f" {uri}"]))


@settings(max_examples=300, deadline=None)
@given(near(WEB))
@example("https://app.example.com/callback/")
@example("https://APP.example.com/callback")
@example("https://app.example.com:443/callback")
def test_a_web_client_gets_answers_at_its_registered_uri_and_nowhere_else(uri: str) -> None:
    assert REGISTRY.accepts_redirect(WEB, uri) == (uri in WEB.redirect_uris)


@settings(max_examples=300, deadline=None)
@given(near(NATIVE))
@example("http://127.0.0.1:0/cb")
@example("http://127.0.0.1:65536/cb")
@example("http://localhost:8080/cb")
@example("http://127.0.0.1:8080/cb\n")
def test_a_native_client_may_name_another_port_and_nothing_else(uri: str) -> None:
    port = WITH_PORT.fullmatch(uri)
    expected = uri in NATIVE.redirect_uris or (port is not None and 0 < int(port[2]) < 65536)
    assert REGISTRY.accepts_redirect(NATIVE, uri) == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 65535), st.sampled_from(["127.0.0.1", "[::1]"]))
def test_every_port_of_a_native_loopback_address_is_accepted(port: int, host: str) -> None:
    assert REGISTRY.accepts_redirect(NATIVE, f"http://{host}:{port}/cb")
    assert not REGISTRY.accepts_redirect(WEB, f"http://{host}:{port}/cb")
