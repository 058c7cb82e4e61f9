"""Logout that a client begins: whose session, and where to after it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reference_impl.conftest import ISSUER, WEB

Bench = Any  # conftest's
BACK = f"{WEB}/login"


@pytest.fixture
def tokens(bench: Bench) -> dict[str, Any]:
    return dict(bench.redeem(bench.code("web", scope="openid api", nonce="n"), "web").json)


def logout(bench: Bench, *, method: str = "GET", **asked: str) -> Any:
    client = bench.issuer.app.test_client()
    if method == "POST":
        return client.post("/logout", data=asked, base_url=ISSUER)
    return client.get("/logout", query_string=asked, base_url=ISSUER)


def goes_on(bench: Bench, tokens: dict[str, Any]) -> bool:
    return bool(bench.me(tokens["access_token"]).status_code == 200)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_logout_ends_the_session_and_goes_back_where_it_is_registered(
    bench: Bench, tokens: dict[str, Any], method: str
) -> None:
    other = bench.login()
    asked = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BACK, "state": "s-1", "client_id": "web"}
    answer = logout(bench, method=method, **asked)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{BACK}?state=s-1"
    assert not goes_on(bench, tokens)
    assert goes_on(bench, other)
    assert bench.refresh(tokens["refresh_token"]).status_code == 400
    assert len(bench.events("auth.logout")) == 1


def test_a_second_logout_is_no_error_and_no_event(bench: Bench, tokens: dict[str, Any]) -> None:
    for _ in range(2):
        assert logout(bench, id_token_hint=tokens["id_token"]).status_code == 200
    assert len(bench.events("auth.logout")) == 1


def test_an_id_token_that_has_expired_is_still_a_hint(bench: Bench, tokens: dict[str, Any]) -> None:
    bench.clock.advance(86_400)
    assert logout(bench, id_token_hint=tokens["id_token"]).status_code == 200


@pytest.mark.parametrize(
    "target", [f"{BACK}/", f"{BACK}?next=1", f"{BACK}#x", f"{WEB}/callback", "https://evil.example/login", "", "//evil"]
)
def test_an_address_that_is_not_registered_is_never_gone_to(bench: Bench, tokens: dict[str, Any], target: str) -> None:
    answer = logout(bench, id_token_hint=tokens["id_token"], post_logout_redirect_uri=target)
    assert (answer.status_code, answer.headers.get("Location")) == (200, None)
    assert not goes_on(bench, tokens)


@pytest.mark.parametrize(
    "mistake", ["none", "an access token", "a refresh token", "altered", "another client", "twice"]
)
def test_without_proof_nothing_is_ended_and_nobody_sent_anywhere(
    bench: Bench, tokens: dict[str, Any], mistake: str
) -> None:
    hint = {
        "none": "",
        "an access token": tokens["access_token"],
        "a refresh token": tokens["refresh_token"],
        "altered": tokens["id_token"][:-8] + "AAAAAAAA",
    }.get(mistake, tokens["id_token"])
    asked: dict[str, Any] = {"id_token_hint": hint, "post_logout_redirect_uri": BACK}
    if mistake == "another client":
        asked["client_id"] = "desktop"
    if mistake == "twice":
        asked["post_logout_redirect_uri"] = [BACK, "https://evil.example"]
    answer = logout(bench, **asked)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert goes_on(bench, tokens)


def test_the_metadata_name_the_endpoint(bench: Bench) -> None:
    assert bench.issuer.metadata["end_session_endpoint"] == f"{ISSUER}/logout"
