"""The API's guard: which bearer tokens it takes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from reference_impl.api.challenge import Unauthorized
from reference_impl.api.guard import credentials
from reference_impl.provision import make_secrets

Bench = Any  # conftest's
Forge = Callable[..., str]


@pytest.fixture
def claims(bench: Bench) -> dict[str, Any]:
    """The claims of a token that the API takes."""
    return dict(bench.issuer.keys.read(bench.login()["access_token"]))


@pytest.fixture
def forge(bench: Bench, claims: dict[str, Any]) -> Forge:
    """Sign such a token with the stage's own key, with claims and header fields changed; None drops one."""
    key = ECKey.import_key(dict(bench.config.signing_key))

    def forge(header: dict[str, Any] | None = None, **changes: Any) -> str:
        fields = {"alg": "ES256", "typ": "at+jwt", "kid": bench.config.signing_key["kid"], **(header or {})}
        body = {**claims, **changes}
        return jwt.encode(
            {name: value for name, value in fields.items() if value is not None},
            {name: value for name, value in body.items() if value is not None},
            key,
            algorithms=["ES256"],
            default_type=None,
        )

    return forge


def assert_invalid(response: Any) -> None:
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    assert response.headers["Cache-Control"] == "no-store"


def test_a_live_token_is_taken(bench: Bench, forge: Forge, claims: dict[str, Any]) -> None:
    response = bench.me(forge())
    assert response.status_code == 200
    assert response.json == {
        "sub": claims["sub"],
        "name": "alice",
        "client_id": "web",
        "internal": False,
        "sid": claims["sid"],
    }


def test_without_a_token_the_challenge_names_no_error(bench: Bench) -> None:
    for headers in ({}, {"Authorization": "Basic YTpi"}):
        response = bench.api.test_client().get("/me", headers=headers)
        assert response.status_code == 401
        assert response.headers.getlist("WWW-Authenticate") == ["Bearer", 'DPoP algs="ES256"']


def test_two_tokens_are_one_too_many_also_where_the_first_is_good(bench: Bench, forge: Forge) -> None:
    client = bench.api.test_client()
    for sent in (f"Bearer {forge()}, Bearer {forge()}", f"Bearer {forge()},"):
        response = client.get("/me", headers={"Authorization": sent})
        assert (response.status_code, response.json) == (400, {"error": "invalid_request"})
    with pytest.raises(Unauthorized, match="more than one Authorization"):
        credentials("Bearer a, Bearer b")


def test_a_token_anywhere_but_in_the_header_does_not_count(bench: Bench, forge: Forge) -> None:
    client = bench.api.test_client()
    assert client.get(f"/me?access_token={forge()}").status_code == 401
    assert client.post("/notes", data={"access_token": forge()}).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://auth.prod.localhost:8443"},
        {"iss": "https://auth.dev.localhost:8443/"},
        {"iss": None},
        {"aud": "authassay-api"},
        {"aud": "authassay-api-dev-2"},
        {"aud": ["authassay-api", "authassay-api-dev-2"]},
        {"aud": None},
        {"exp": None},
        {"exp": "1800000900"},
        {"exp": True},
        {"exp": 1_800_000_000 + 3600 + 61},
        {"exp": 1_800_000_000 - 60},
        {"iat": 1_800_000_000 + 61},
        {"iat": None},
        {"nbf": 1_800_000_000 + 61},
        {"sid": "no-such-grant"},
        {"sid": None},
        {"sub": None},
        {"client_id": None},
    ],
)
def test_a_well_signed_token_with_a_wrong_claim_is_refused(bench: Bench, forge: Forge, changes: Any) -> None:
    assert_invalid(bench.me(forge(**changes)))


@pytest.mark.parametrize("changes", [{"aud": ["other", "authassay-api-dev"]}, {"exp": 1_800_000_000 - 59}])
def test_what_the_rfc_allows_is_taken(bench: Bench, forge: Forge, changes: Any) -> None:
    assert bench.me(forge(**changes)).status_code == 200


@pytest.mark.parametrize(
    "header",
    [{"typ": "JWT"}, {"typ": None}, {"typ": "logout+jwt"}, {"kid": "another"}, {"kid": None}],
)
def test_a_well_signed_token_with_a_wrong_header_is_refused(bench: Bench, forge: Forge, header: Any) -> None:
    assert_invalid(bench.me(forge(header)))


def test_a_token_dies_with_its_lifetime(bench: Bench) -> None:
    token = bench.login()["access_token"]
    bench.clock.advance(900 + 59)
    assert bench.me(token).status_code == 200
    bench.clock.advance(1)
    assert_invalid(bench.me(token))


def test_forgeries_are_refused(bench: Bench, forge: Forge, claims: dict[str, Any]) -> None:
    good = forge()
    head, body, signature = good.split(".")
    kid = bench.config.signing_key["kid"]
    public = json.dumps(bench.issuer.keys.jwks()["keys"][0]).encode()
    stranger = ECKey.import_key(dict(make_secrets("dev", {}, 2).signing_key))
    hmac_header = {"alg": "HS256", "typ": "at+jwt", "kid": kid}
    forgeries = {
        "none": f"{encode({'alg': 'none', 'typ': 'at+jwt', 'kid': kid})}.{body}.",
        "no signature": f"{head}.{body}.",
        "other signature": f"{head}.{body}.{'A' * len(signature)}",
        "other body": f"{head}.{encode({**claims, 'sub': 'mallory'})}.{signature}",
        "HMAC": jwt.encode(hmac_header, claims, OctKey.import_key(public), algorithms=["HS256"]),
        "other key": jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": kid}, claims, stranger),
        "own key in header": jwt.encode(
            {"alg": "ES256", "typ": "at+jwt", "kid": kid, "jwk": stranger.as_dict(private=False)}, claims, stranger
        ),
        "garbage": "x",
        "not ASCII": "ü.ü.ü",
    }
    for name, token in forgeries.items():
        response = bench.me(token.encode().decode("latin-1"))
        assert response.status_code == 401, name
        assert_invalid(response)


def encode(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_notes_are_their_authors_alone(bench: Bench) -> None:
    def headers(user: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {bench.login(user=user)['access_token']}"}

    client, alice, bob = bench.api.test_client(), headers("alice"), headers("bob")
    assert client.post("/notes", json={"text": "hello"}, headers=alice).status_code == 201
    assert [note["text"] for note in client.get("/notes", headers=alice).json["notes"]] == ["hello"]
    assert client.get("/notes", headers=bob).json["notes"] == []
    mistakes: tuple[object, ...] = ({"text": ""}, {"text": 1}, [], {"text": "x" * 2001})
    for wrong in mistakes:
        assert client.post("/notes", json=wrong, headers=alice).status_code == 400
    assert client.post("/notes", json={"text": "x"}).status_code == 401
