"""ID tokens: for who asks for one, at the login, about the login."""

from __future__ import annotations

from typing import Any

from reference_impl.id_token import Expected, validate

Bench = Any  # conftest's


def login(bench: Bench, **asked: str) -> dict[str, Any]:
    answer = bench.redeem(bench.code("web", **asked), "web")
    assert answer.status_code == 200
    return dict(answer.json)


def test_an_id_token_holds_for_the_client_that_asked_and_its_nonce(bench: Bench) -> None:
    tokens = login(bench, scope="openid api", nonce="n-1")
    expected = Expected(bench.config.issuer, "web", "n-1", bench.clock.now())
    validate(tokens["id_token"], bench.issuer.keys.jwks(), expected)
    assert set(tokens["scope"].split()) == {"openid", "api"}
    claims = bench.issuer.keys.read(tokens["id_token"])
    assert claims["sub"] == bench.issuer.keys.read(tokens["access_token"])["sub"]
    assert "alice" not in str(claims)


def test_who_does_not_ask_gets_none(bench: Bench) -> None:
    assert "id_token" not in login(bench)
    assert "id_token" not in login(bench, scope="api", nonce="n-1")


def test_a_refresh_brings_none(bench: Bench) -> None:
    tokens = login(bench, scope="openid", nonce="n-1")
    assert "id_token" not in bench.refresh(tokens["refresh_token"]).json


def test_an_id_token_opens_no_api(bench: Bench) -> None:
    tokens = login(bench, scope="openid api", nonce="n-1")
    assert bench.me(tokens["access_token"]).status_code == 200
    assert bench.me(tokens["id_token"]).status_code == 401


def test_the_openid_document_is_the_servers_own(bench: Bench) -> None:
    client = bench.issuer.app.test_client()
    documents = [
        client.get(f"/.well-known/{name}", base_url=bench.config.issuer).json
        for name in ("openid-configuration", "oauth-authorization-server")
    ]
    assert documents[0] == documents[1]
    assert "openid" in documents[0]["scopes_supported"]
