"""What may be said of a token, and who signed it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from harness.observations import TokenFacts
from harness.probes.jwt import CLAIMS, read_token

DEV, PROD = (ECKey.generate_key("P-256", {"kid": "k1"}) for _ in range(2))
CLAIMED: dict[str, Any] = {
    "iss": "https://id",
    "aud": "api",
    "exp": 9,
    "sub": "alice",
    "email": "a@x",
    "client_id": "web",
}


def public(*keys: ECKey | RSAKey) -> dict[str, object]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


PUBLISHED: Mapping[str, Mapping[str, object]] = {"dev": public(DEV), "prod": public(PROD)}


def part(data: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def facts(token: str, published: Mapping[str, Mapping[str, object]] = PUBLISHED, stage: str = "dev") -> TokenFacts:
    return read_token("a case", token, "access_token", "{{access_token:0:9}}", published, stage)


def signed(key: ECKey | OctKey = DEV, alg: str = "ES256", **header: Any) -> str:
    return jwt.encode({"alg": alg, "kid": "k1", **header}, CLAIMED, key, algorithms=[alg])


def test_a_token_is_described_by_what_is_allowed_to_be_told() -> None:
    seen = facts(signed(typ="at+jwt"))
    assert (seen.form, seen.header) == ("jwt", {"alg": "ES256", "kid": "k1", "typ": "at+jwt"})
    assert seen.claims == {"iss": "https://id", "aud": "api", "exp": 9, "client_id": "web"}
    assert (seen.token, seen.token_kind, seen.about) == ("{{access_token:0:9}}", "access_token", {"stage": "dev"})
    assert seen.length == len(signed(typ="at+jwt"))


def test_the_token_itself_and_personal_claims_are_not_in_the_facts() -> None:
    token = signed()
    told = repr(facts(token))
    assert not [word for word in (token, token.split(".")[2], "alice", "a@x") if word in told]
    assert not {"sub", "email", "name"} & set(CLAIMS)


@pytest.mark.parametrize(("key", "stage", "signer"), [(DEV, "dev", "dev"), (PROD, "dev", "prod"), (DEV, "prod", "dev")])
def test_the_stage_whose_published_key_verifies_it_is_named(key: ECKey, stage: str, signer: str) -> None:
    assert facts(signed(key), stage=stage).signed_by == signer


def test_where_two_stages_publish_the_key_the_token_counts_for_its_own() -> None:
    both = {"dev": public(DEV), "prod": public(DEV)}
    assert facts(signed(), both, "prod").signed_by == "prod"
    assert facts(signed(), both, "dev").signed_by == "dev"


def test_a_key_that_nobody_publishes_signs_for_nobody() -> None:
    assert facts(signed(ECKey.generate_key("P-256", {"kid": "k1"}))).signed_by == ""


def test_alg_none_verifies_nowhere() -> None:
    for alg in ("none", "None", "NONE"):
        for signature in ("", "x"):
            seen = facts(f"{part({'alg': alg})}.{part(CLAIMED)}.{signature}")
            assert (seen.form, seen.header, seen.signed_by) == ("jwt", {"alg": alg}, "")


def test_a_public_key_used_as_a_shared_secret_verifies_nowhere() -> None:
    secret = OctKey.import_key(json.dumps(DEV.as_dict(private=False)), {"kid": "k1"})
    assert facts(signed(secret, "HS256")).signed_by == ""


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_changed_token_verifies_nowhere(place: int) -> None:
    parts = signed().split(".")
    other = {**CLAIMED, "client_id": "mallory"}
    parts[place] = [part({"alg": "ES256", "kid": "k1", "x": 1}), part(other), "A" * len(parts[2])][place]
    seen = facts(".".join(parts))
    assert (seen.form, seen.signed_by) == ("jwt", "")


def test_an_unknown_critical_header_verifies_nowhere() -> None:
    header, body = part({"alg": "ES256", "kid": "k1", "crit": ["x"], "x": 1}), part(CLAIMED)
    assert facts(f"{header}.{body}.{signed().split('.')[2]}").signed_by == ""


@pytest.mark.parametrize(
    "jwks", [{}, {"keys": []}, {"keys": "x"}, {"keys": [{}]}, {"keys": [{"kty": "EC"}]}, {"keys": [1]}]
)
def test_published_keys_that_are_none_verify_nothing(jwks: dict[str, object]) -> None:
    assert facts(signed(), {"dev": jwks}).signed_by == ""


@pytest.mark.parametrize(
    "token",
    ["", "opaque", "a.b", "..", "a.b.c", "a.b.c.d.e", f"{part([1])}.{part(1)}.x", f"{part({})}.é.x", "\x00.\x00.\x00"],
)
def test_what_is_no_jwt_is_opaque(token: str) -> None:
    seen = facts(token)
    assert (seen.form, seen.header, seen.claims, seen.signed_by) == ("opaque", {}, {}, "")
    assert seen.length == len(token)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.one_of(st.text(max_size=20), st.dictionaries(st.text(max_size=4), st.integers()).map(part)), max_size=5)
)
def test_garbage_is_described_and_never_verifies(parts: list[str]) -> None:
    seen = facts(".".join(parts))
    assert seen.signed_by == ""
    assert seen.form in ("jwt", "opaque")
