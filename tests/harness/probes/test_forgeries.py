"""Forged tokens are what their names say."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, JWKRegistry, OctKey, RSAKey
from joserfc.jws import JWSRegistry

from harness.checks import forgeries as judged
from harness.probes.forgeries import ALGORITHMS, KEY_HINTS, WELL_SIGNED, Forger, Listener
from harness.probes.forgery import AttackerKeys, Token, compact, es256_by, read, read_jwk

KEY = ECKey.generate_key("P-256", {"kid": "k1"})
KEYS = AttackerKeys()
PUBLIC = read_jwk(KEY.as_dict(private=False))
GENUINE = read(jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}, {"sub": "alice"}, KEY))
LISTENER = Listener("http://127.0.0.1:9/keys.json", "http://127.0.0.1:9/certificate.pem")


@pytest.fixture
def forger() -> Forger:
    assert GENUINE is not None
    assert PUBLIC is not None
    return Forger(GENUINE, PUBLIC, KEYS, LISTENER, es256_by(KEY.private_key))  # type: ignore[arg-type]


def test_the_checks_ask_for_each_of_them() -> None:
    assert tuple(ALGORITHMS) == judged.ALGORITHMS
    assert tuple(KEY_HINTS) == judged.KEY_HINTS
    assert tuple(WELL_SIGNED) == judged.WELL_SIGNED


@pytest.mark.parametrize("name", [*ALGORITHMS, *KEY_HINTS])
def test_none_verifies_by_the_issuers_key(forger: Forger, name: str) -> None:
    token = {**ALGORITHMS, **KEY_HINTS}[name](forger)
    with pytest.raises(Exception):  # noqa: B017, PT011 - the library has many
        jwt.decode(token, KEY, algorithms=["ES256"])


@pytest.mark.parametrize("name", WELL_SIGNED)
def test_what_is_well_signed_verifies_where_the_header_is_passed_over(forger: Forger, name: str) -> None:
    token = read(WELL_SIGNED[name](forger))
    assert token is not None
    assert compact(token.header, token.claims, forger.sign or KEYS.sign) != ""
    assert token.header != forger.token.header


def test_a_public_key_as_secret_is_just_that(forger: Forger) -> None:
    token = ALGORITHMS["the public JWK as secret"](forger)
    secret = OctKey.import_key(forger.public.jwk)
    assert jwt.decode(token, secret, algorithms=["HS256"]).claims == {"sub": "alice"}


@pytest.mark.parametrize(
    "name",
    ["a key", "a key, and its id", "a URL of keys", "a key, the issuer's key id", "a URL of keys, the issuer's key id"],
)
def test_a_hint_leads_to_the_key_that_signed(forger: Forger, name: str) -> None:
    token = KEY_HINTS[name](forger)
    assert jwt.decode(token, ECKey.import_key(KEYS.jwk), algorithms=["ES256"]).claims == {"sub": "alice"}


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES384", "EdDSA"])
def test_the_attacker_signs_by_the_algorithm_of_the_token_itself(forger: Forger, algorithm: str) -> None:
    keys = AttackerKeys(algorithm)
    genuine = Token({"alg": algorithm, "kid": "k1"}, {"sub": "alice"}, "c2ln")
    other = replace(forger, token=genuine, keys=keys)
    for forge in (KEY_HINTS["a key"], KEY_HINTS["a URL of keys"], ALGORITHMS["the right algorithm by another's key"]):
        signed, _, signature = forge(other).rpartition(".")
        found = read(f"{signed}.{signature}")
        assert found is not None
        assert found.header["alg"] == algorithm
        raw = base64.urlsafe_b64decode(f"{signature}==")
        assert JWSRegistry.algorithms[algorithm].verify(signed.encode(), raw, JWKRegistry.import_key(keys.jwk))
    another = read(ALGORITHMS["another algorithm by another's key"](other))
    assert another is not None
    assert another.header["alg"] == "ES256"
    assert keys.x5c[0].startswith("MI"), "a certificate of any of these keys"


@pytest.mark.parametrize("algorithm", ["HS256", "none", "None"])
def test_an_algorithm_without_a_key_pair_leaves_es256(algorithm: str) -> None:
    assert AttackerKeys(algorithm).algorithm == "ES256"


def test_a_jwk_of_any_kind_is_read_and_a_broken_one_is_not() -> None:
    assert read_jwk(RSAKey.generate_key(2048).as_dict(private=False)) is not None
    for broken in ({}, {"kty": "EC"}, {"kty": "oct", "k": "AAAA"}, {"kty": "EC", "crv": "P-256", "x": 1, "y": []}):
        assert read_jwk(broken) is None


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "e30.W10.x", "...."])
def test_what_is_no_jwt_is_not_taken_apart(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("name", [name for name in KEY_HINTS if name.endswith("the issuer's key id")])
def test_a_hint_may_stand_beside_the_issuers_own_key_id(forger: Forger, name: str) -> None:
    token = read(KEY_HINTS[name](forger))
    assert token is not None
    assert token.header["kid"] == "k1"
    assert {"jku", "x5u", "jwk", "x5c"} & token.header.keys()
