"""Properties of the API's judgement of tokens: any change of a token, and any set of claims that the issuer signed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from reference_impl.api.access_token import LONGEST_LIFETIME, AccessTokens
from reference_impl.api.challenge import Unauthorized
from reference_impl.api.guard import ApiGuard
from reference_impl.compact_jws import Malformed, decoded, protected_header

NOW = 1_800_000_000.0
LEEWAY = 60.0
ISSUER, AUDIENCE = "https://auth.dev.example", "api-dev"
KEY = ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256", "use": "sig"})
GOOD = {
    "iss": ISSUER, "aud": AUDIENCE, "sub": "s", "client_id": "web", "sid": "g",
    "iat": int(NOW), "exp": int(NOW) + 900,
}  # fmt: skip
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
quick = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


class Still:
    def now(self) -> float:
        return NOW


class Active:
    def is_active(self, session_id: str) -> bool:
        return session_id == "g"


TOKENS = AccessTokens(ISSUER, AUDIENCE, lambda: {"keys": [KEY.as_dict(private=False)]}, Still(), LEEWAY)
GUARD = ApiGuard(TOKENS, Active())


def signed(claims: Any, **header: Any) -> str:
    fields = {"alg": "ES256", "typ": "at+jwt", "kid": "k1", **header}
    return jwt.encode(fields, claims, KEY, algorithms=["ES256"])


TOKEN = signed(GOOD)


def admitted(token: str) -> bool:
    try:
        GUARD.admit(f"Bearer {token}")
    except Unauthorized:
        return False
    return True


def test_the_token_that_is_altered_below_is_a_good_one() -> None:
    assert admitted(TOKEN)


@pytest.mark.parametrize("said", [{"use": "enc"}, {"use": ""}, {"alg": "ES384"}, {"kid": "k2"}])
def test_a_key_that_is_not_for_signatures_of_this_algorithm_verifies_none(said: dict[str, str]) -> None:
    jwk = {**KEY.as_dict(private=False), **said}
    guard = ApiGuard(AccessTokens(ISSUER, AUDIENCE, lambda: {"keys": [jwk]}, Still(), LEEWAY), Active())
    with pytest.raises(Unauthorized, match="its key is not known here"):
        guard.admit(f"Bearer {TOKEN}")


@quick
@given(st.integers(0, len(TOKEN) - 1), st.sampled_from(BASE64URL + ".=+/ \u00e9"))
def test_a_token_of_which_any_character_was_altered_is_refused(place: int, letter: str) -> None:
    if letter != TOKEN[place]:
        assert not admitted(TOKEN[:place] + letter + TOKEN[place + 1 :])


def test_every_other_last_character_is_refused() -> None:
    """Its last bits say nothing, so that without care four characters would do."""
    assert [letter for letter in BASE64URL if admitted(TOKEN[:-1] + letter)] == [TOKEN[-1]]


@quick
@given(st.integers(0, len(TOKEN)), st.text(alphabet=BASE64URL + ".=\n", min_size=1, max_size=3))
def test_a_token_with_something_put_in_is_refused(place: int, more: str) -> None:
    altered = TOKEN[:place] + more + TOKEN[place:]
    assert altered.strip() == TOKEN or not admitted(altered)


@quick
@given(st.text(max_size=60))
def test_whatever_comes_is_refused_and_breaks_nothing(text: str) -> None:
    assert not admitted(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(10**40), 10**40) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
times = st.integers(-4000, 4000).map(lambda offset: int(NOW) + offset) | json_values
LIKELY = {
    "iss": st.sampled_from([ISSUER, ISSUER + "/", "https://auth.prod.example"]) | json_values,
    "aud": st.sampled_from([AUDIENCE, [AUDIENCE], ["x", AUDIENCE], [], AUDIENCE + "2"]) | json_values,
    "sub": st.just("s") | json_values,
    "client_id": st.just("web") | json_values,
    "sid": st.just("g") | json_values,
    "iat": times,
    "exp": times,
    "nbf": times,
    "cnf": json_values,
}
changes = st.dictionaries(st.sampled_from(sorted(LIKELY)), st.none(), max_size=2).flatmap(
    lambda chosen: st.fixed_dictionaries({name: LIKELY[name] for name in chosen})
)


@quick
@given(changes, st.sets(st.sampled_from(sorted(GOOD)), max_size=1))
def test_a_claim_set_that_is_accepted_satisfies_every_rule(changed: dict[str, Any], left_out: set[str]) -> None:
    claims = {name: value for name, value in {**GOOD, **changed}.items() if name not in left_out}
    if admitted(signed(claims)):
        for name, rule in RULES.items():
            assert rule(claims), name


def is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


RULES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "the issuer is ours": lambda c: c["iss"] == ISSUER,
    "it is for us": lambda c: c["aud"] == AUDIENCE or (isinstance(c["aud"], list) and AUDIENCE in c["aud"]),
    "it says when it ends, and has not": lambda c: is_time(c["exp"]) and c["exp"] + LEEWAY > NOW,
    "it does not live too long": lambda c: c["exp"] <= NOW + LONGEST_LIFETIME + LEEWAY,
    "it says when it was made, and that is past": lambda c: is_time(c["iat"]) and c["iat"] <= NOW + LEEWAY,
    "it may be used already": lambda c: is_time(c.get("nbf", 0)) and c.get("nbf", 0) <= NOW + LEEWAY,
    "it speaks for somebody": lambda c: all(isinstance(c[name], str) and c[name] for name in ("sub", "client_id")),
    "its grant goes on": lambda c: c["sid"] == "g",
    "it is bound to no key": lambda c: "cnf" not in c,
}


@quick
@given(st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "jku", "jwk"]), json_values, max_size=2))
def test_a_header_that_is_accepted_says_what_the_keys_say(header: dict[str, Any]) -> None:
    try:
        token = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "k1", **header}, GOOD, KEY, algorithms=["ES256"])
    except Exception:  # noqa: BLE001 - what the library does not even make
        return
    if admitted(token):
        fields = protected_header(token)
        assert (fields["alg"], str(fields["typ"]).lower().removeprefix("application/")) == ("ES256", "at+jwt")
        assert fields["kid"] == "k1"
        assert "crit" not in fields


@pytest.mark.parametrize("segment", ["A", "AB", "QQ=", "Q Q", "é", "QQ\n"])
def test_a_segment_in_another_spelling_is_refused(segment: str) -> None:
    with pytest.raises(Malformed):
        decoded(segment)
