"""Tokens that are bound to a key (RFC 9449): at the token endpoint and at the API."""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from reference_impl.rfc9449.proof import AHEAD, LIFETIME

Bench = Any  # conftest's
TOKEN_URL = "https://auth.dev.localhost:8443/token"
ME = "https://api.dev.localhost:8443/me"


class Holder:
    """Who holds a key, and makes proofs of it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.key = ECKey.generate_key("P-256")

    def proof(self, method: str, url: str, token: str = "", header: Any = None, key: Any = None, **changes: Any) -> str:
        """A proof as it should be, but for what is changed; None leaves a member out."""
        ath = {"ath": b64(hashlib.sha256(token.encode()).digest())} if token else {}
        claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": self.bench.clock.now(), **ath, **changes}
        fields = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False), **(header or {})}
        head, body = ({n: value for n, value in given.items() if value is not None} for given in (fields, claims))
        return jwt.encode(head, body, key or self.key, algorithms=["ES256", "HS256"], default_type=None)

    def token_proof(self, **changes: Any) -> str:
        return self.proof("POST", TOKEN_URL, **changes)

    def login(self, client: str = "desktop") -> Any:
        return self.redeem(self.bench.code(client), self.token_proof(), client=client).json

    def redeem(self, code: str, *proofs: str, client: str = "desktop") -> Any:
        form = {
            "grant_type": "authorization_code", "code": code, "client_id": client, "code_verifier": "v" * 43,
            "redirect_uri": "http://127.0.0.1:4711/cb",
        }  # fmt: skip
        return self.post(form, *proofs)

    def refresh(self, token: str, *proofs: str, client: str = "desktop") -> Any:
        return self.post({"grant_type": "refresh_token", "refresh_token": token, "client_id": client}, *proofs)

    def post(self, form: dict[str, str], *proofs: str) -> Any:
        issuer = self.bench.issuer.app.test_client()
        return issuer.post("/token", data=form, headers=[("DPoP", proof) for proof in proofs], base_url=TOKEN_URL[:-6])

    def me(self, token: str, *proofs: str, scheme: str = "DPoP") -> Any:
        headers = [("Authorization", f"{scheme} {token}"), *(("DPoP", proof) for proof in proofs)]
        return self.bench.api.test_client().get("/me", headers=headers, base_url=ME[:-3])


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture
def holder(bench: Bench) -> Holder:
    return Holder(bench)


def test_a_login_with_a_proof_gives_tokens_that_are_bound_to_its_key(bench: Bench, holder: Holder) -> None:
    tokens = holder.login()
    assert tokens["token_type"] == "DPoP"
    assert bench.issuer.keys.read(tokens["access_token"])["cnf"] == {"jkt": holder.key.thumbprint()}
    assert holder.me(tokens["access_token"], holder.proof("GET", ME, tokens["access_token"])).status_code == 200


def test_a_code_that_was_asked_for_with_a_key_is_for_the_holder_of_that_key(bench: Bench, holder: Holder) -> None:
    thief = Holder(bench)
    for proofs in ([thief.token_proof()], []):
        code = bench.code("desktop", dpop_jkt=holder.key.thumbprint())
        refused = holder.redeem(code, *proofs)
        assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")
        assert holder.redeem(code, holder.token_proof()).status_code == 400, "the attempt used it up"
    assert bench.events("auth.login") == []
    answer = holder.redeem(bench.code("desktop", dpop_jkt=holder.key.thumbprint()), holder.token_proof())
    assert (answer.status_code, answer.json["token_type"]) == (200, "DPoP")


@pytest.mark.parametrize("jkt", ["x", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 42 + "ü"])
def test_a_key_that_is_no_thumbprint_is_refused_to_the_client(bench: Bench, jkt: str) -> None:
    assert "error=invalid_request" in bench.authorize(dpop_jkt=jkt).headers["Location"]


def test_a_login_without_a_proof_gives_bearer_tokens_that_no_proof_changes(bench: Bench, holder: Holder) -> None:
    token = bench.login("desktop")["access_token"]
    assert holder.me(token, scheme="Bearer").status_code == 200
    assert holder.me(token, holder.proof("GET", ME, token)).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "POST"},
        {"url": "https://api.dev.localhost:8443/notes"},
        {"url": "https://auth.dev.localhost:8443/me"},
        {"token": ""},
        {"token": "another"},
        {"iat": 1_800_000_000 - 60},
        {"iat": 1_800_000_000 + 6},
        {"iat": None},
        {"iat": "1800000000"},
        {"iat": float("nan")},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 257},
        {"htm": None},
        {"htu": None},
        {"header": {"typ": "JWT"}},
        {"header": {"jwk": None}},
        {"header": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}},
        {"header": {"alg": "HS256"}, "key": OctKey.import_key("x" * 32)},
        {"key": ECKey.generate_key("P-256")},
    ],
)
def test_a_proof_that_is_not_for_this_request_is_refused(holder: Holder, changes: Any) -> None:
    token = holder.login()["access_token"]
    made = {"method": "GET", "url": ME, "token": token, **changes}
    response = holder.me(token, holder.proof(**made))
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith('DPoP error="invalid_dpop_proof"')


def test_a_proof_with_the_private_key_in_it_is_refused(holder: Holder) -> None:
    token = holder.login()["access_token"]
    told = {"jwk": holder.key.as_dict(private=True)}
    assert holder.me(token, holder.proof("GET", ME, token, header=told)).status_code == 401


def test_a_proof_works_once_and_another_of_the_same_key_works_beside_it(holder: Holder) -> None:
    token = holder.login()["access_token"]
    proof = holder.proof("GET", ME, token)
    assert [holder.me(token, proof).status_code for _ in range(2)] == [200, 401]
    assert holder.me(token, holder.proof("GET", ME, token)).status_code == 200


def test_a_proof_works_once_for_as_long_as_its_time_would_do(bench: Bench, holder: Holder) -> None:
    token = holder.login()["access_token"]
    proof = holder.proof("GET", ME, token, iat=bench.clock.now() + AHEAD)  # of a clock that is as fast as one may be
    assert holder.me(token, proof).status_code == 200
    for later in (1.0, 29.0, LIFETIME - 30 + AHEAD - 0.5):
        bench.clock.advance(later)
        assert holder.me(token, proof).status_code == 401
        assert holder.me(token, holder.proof("GET", ME, token)).status_code == 200


def test_a_request_brings_one_proof_and_its_url_may_be_spelt_otherwise(holder: Holder) -> None:
    token = holder.login()["access_token"]
    assert holder.me(token).status_code == 401
    assert holder.me(token, *(holder.proof("GET", ME, token) for _ in range(2))).status_code == 401
    assert holder.me(token, holder.proof("GET", f"{ME.replace('api', 'API')}?a=1#b", token)).status_code == 200


def test_a_bound_token_is_no_bearer_token_and_no_other_keys(bench: Bench, holder: Holder) -> None:
    token = holder.login()["access_token"]
    thief = Holder(bench)
    assert holder.me(token, scheme="Bearer").status_code == 401
    assert holder.me(token, holder.proof("GET", ME, token), scheme="Bearer").status_code == 401
    stolen = thief.me(token, thief.proof("GET", ME, token))
    assert (stolen.status_code, "invalid_token" in stolen.headers["WWW-Authenticate"]) == (401, True)


def test_a_token_that_is_bound_in_an_unknown_way_is_refused(bench: Bench, holder: Holder) -> None:
    claims = dict(bench.issuer.keys.read(holder.login()["access_token"]))
    jkt = holder.key.thumbprint()
    for cnf in ({"x5t#S256": "x"}, {}, "x", None, {"jkt": 1}, {"jkt": jkt, "x5t#S256": "x"}, {"jkt": jkt, "kid": "k"}):
        token = bench.issuer.keys.sign({**claims, "cnf": cnf})
        assert holder.me(token, scheme="Bearer").status_code == 401
        refused = holder.me(token, holder.proof("GET", ME, token))
        assert (refused.status_code, "bound in a way" in refused.headers["WWW-Authenticate"]) == (401, True)


def test_a_bound_refresh_token_needs_its_key_and_is_left_as_it_is_without(bench: Bench, holder: Holder) -> None:
    token, thief = holder.login()["refresh_token"], Holder(bench)
    for refused in (holder.refresh(token), thief.refresh(token, thief.token_proof())):
        assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")
    assert {event["reason"] for event in bench.events("auth.refresh_failed")} == {"client_mismatch"}
    answer = holder.refresh(token, holder.token_proof())
    assert (answer.status_code, answer.json["token_type"]) == (200, "DPoP")
    assert holder.refresh(answer.json["refresh_token"]).status_code == 400


def test_the_first_proof_binds_a_session_that_was_not_bound(bench: Bench, holder: Holder) -> None:
    token = bench.login("desktop")["refresh_token"]
    assert holder.refresh(token, holder.token_proof(), client="web").status_code == 400
    answer = holder.refresh(token, holder.token_proof()).json
    assert answer["token_type"] == "DPoP"
    assert bench.refresh(answer["refresh_token"], "desktop").status_code == 400
    assert holder.refresh(answer["refresh_token"], holder.token_proof()).status_code == 200


def test_a_token_request_with_a_bad_proof_uses_nothing_up(bench: Bench, holder: Holder) -> None:
    token = holder.login()["refresh_token"]
    refused = holder.refresh(token, holder.token_proof(htm="GET"))
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_dpop_proof")
    assert holder.refresh(token, holder.token_proof()).status_code == 200


def test_the_metadata_offer_it(bench: Bench) -> None:
    assert bench.issuer.metadata["dpop_signing_alg_values_supported"] == ["ES256"]


def test_an_open_stream_goes_on_without_a_second_proof(bench: Bench, holder: Holder) -> None:
    token = holder.login()["access_token"]
    realtime = bench.api.extensions["realtime"]
    assert realtime.may_go_on(f"DPoP {token}")
    bench.revoke(token, "desktop")
    assert not realtime.may_go_on(f"DPoP {token}")


@pytest.mark.parametrize("made", [10**400, -(10**400), float("inf"), float("nan"), "now", True, None])
def test_a_proof_of_no_time_is_refused(bench: Bench, made: Any) -> None:
    holder = Holder(bench)
    token = holder.login()["refresh_token"]
    answer = holder.refresh(token, holder.token_proof(iat=made))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_dpop_proof")
