"""What a client demands of an ID token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from reference_impl.id_token import Expected, InvalidIdToken, UnknownKey, validate

NOW = 1_800_000_000
ISSUER, CLIENT, NONCE = "https://auth.dev.localhost", "web", "n" * 43
KEY, OTHER = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
JWKS: dict[str, Any] = {"keys": [{**dict(KEY.as_dict(private=False)), "kid": "k1", "use": "sig", "alg": "ES256"}]}
SOUND: dict[str, Any] = {
    "iss": ISSUER, "aud": CLIENT, "sub": "s", "iat": NOW, "exp": NOW + 300, "nonce": NONCE,
}  # fmt: skip
WANTED = Expected(ISSUER, CLIENT, NONCE, NOW)


def signed(claims: Mapping[str, Any], key: ECKey = KEY, **header: Any) -> str:
    protected = {"alg": "ES256", "typ": "JWT", "kid": "k1", **header}
    return jws.serialize_compact(protected, json.dumps(claims).encode(), key, algorithms=["ES256"])


def test_a_sound_token_is_believed() -> None:
    assert validate(signed(SOUND), JWKS, WANTED) == SOUND
    listed = {**SOUND, "aud": [CLIENT], "azp": CLIENT}
    assert validate(signed(listed), JWKS, WANTED) == listed


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "logout+jwt", "", "JWT2"])
def test_a_token_of_another_type_is_no_id_token_whatever_it_claims(typ: str) -> None:
    with pytest.raises(InvalidIdToken, match="another type"):
        validate(signed(SOUND, typ=typ), JWKS, WANTED)


def test_an_id_token_may_leave_its_type_out() -> None:
    protected = {"alg": "ES256", "kid": "k1"}
    token = jws.serialize_compact(protected, json.dumps(SOUND).encode(), KEY, algorithms=["ES256"])
    assert validate(token, JWKS, WANTED) == SOUND
    assert validate(signed(SOUND, typ="jwt"), JWKS, WANTED) == SOUND


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nonce": None}, "its nonce"),
        ({"nonce": "of an earlier login"}, "its nonce"),
        ({"aud": "desktop"}, "not for this client alone"),
        ({"aud": [CLIENT, "desktop"]}, "not for this client alone"),
        ({"aud": []}, "not for this client alone"),
        ({"aud": None}, "not for this client alone"),
        ({"azp": "desktop"}, "another client asked"),
        ({"iss": f"{ISSUER}/"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"exp": NOW - 61}, "expired"),
        ({"exp": True}, "expired"),
        ({"exp": None}, "expired"),
        ({"iat": NOW + 61}, "not issued yet"),
        ({"iat": None}, "not issued yet"),
        ({"sub": ""}, "names nobody"),
    ],
)
def test_a_claim_that_is_not_as_it_must_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidIdToken, match=words):
        validate(signed({**SOUND, **changes}), JWKS, WANTED)


@pytest.mark.parametrize("changes", [{"exp": NOW - 59}, {"iat": NOW + 59}])
def test_clocks_may_differ_by_a_minute(changes: dict[str, int]) -> None:
    assert validate(signed({**SOUND, **changes}), JWKS, WANTED) == {**SOUND, **changes}


def test_another_key_is_refused_and_an_unknown_one_is_told_apart() -> None:
    with pytest.raises(InvalidIdToken, match="signature"):
        validate(signed(SOUND, OTHER), JWKS, WANTED)
    with pytest.raises(UnknownKey):
        validate(signed(SOUND, OTHER, kid="k2"), JWKS, WANTED)


def test_other_algorithms_are_refused() -> None:
    payload, public = json.dumps(SOUND).encode(), json.dumps(JWKS["keys"][0]).encode()
    by_public_key = jws.serialize_compact(
        {"alg": "HS256", "kid": "k1"}, payload, OctKey.import_key(public), algorithms=["HS256"]
    )
    head, body, _ = signed(SOUND).split(".")
    for token in (by_public_key, f"eyJhbGciOiJub25lIiwia2lkIjoiazEifQ.{body}.", f"{head}.{body}."):
        with pytest.raises(InvalidIdToken):
            validate(token, JWKS, WANTED)


@pytest.mark.parametrize("token", [None, 7, "", "a.b.c", "ü", {}])
def test_what_is_no_token_is_refused(token: object) -> None:
    with pytest.raises(InvalidIdToken):
        validate(token, JWKS, WANTED)


@pytest.mark.parametrize("jwks", [{}, {"keys": []}, {"keys": "none"}, {"keys": [{"kty": "EC"}]}])
def test_a_key_set_of_no_use_is_a_refusal(jwks: dict[str, Any]) -> None:
    with pytest.raises(InvalidIdToken):
        validate(signed(SOUND), jwks, WANTED)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_with_any_character_changed_a_token_is_refused(data: st.DataObject) -> None:
    token = signed(SOUND)
    place = data.draw(st.integers(0, len(token) - 3))  # the last characters hold bits that no signature has
    other = data.draw(st.characters(codec="ascii").filter(lambda character: character != token[place]))
    with pytest.raises(InvalidIdToken):
        validate(token[:place] + other + token[place + 1 :], JWKS, WANTED)
