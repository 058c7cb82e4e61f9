"""Proofs of possession are what RFC 9449 says; what is changed is what is said to be changed."""

from __future__ import annotations

from joserfc import jwt
from joserfc.jwk import ECKey

from harness.probes.dpop import Holder, ath
from harness.probes.forgery import read


def test_a_proof_is_signed_by_the_key_that_it_names() -> None:
    holder = Holder()
    proof = holder.proof("GET", "https://api.example/me", 1_800_000_000.5, "token")
    token = read(proof)
    assert token is not None
    key = ECKey.import_key(token.header["jwk"])
    claims = jwt.decode(proof, key, algorithms=["ES256"]).claims
    assert (token.header["typ"], key.thumbprint()) == ("dpop+jwt", holder.thumbprint)
    assert (claims["htm"], claims["htu"], claims["iat"]) == ("GET", "https://api.example/me", 1_800_000_000)
    assert claims["ath"] == ath("token")


def test_each_proof_has_an_id_of_its_own_and_changes_are_made() -> None:
    holder = Holder()
    made = [read(holder.proof("GET", "https://api.example/me", 0, htm=None, iat=1)) for _ in range(2)]
    first, second = (token.claims if token else {} for token in made)
    assert first["jti"] != second["jti"]
    assert ("htm" in first, "ath" in first, first["iat"]) == (False, False, 1)


def test_the_hash_of_a_token_is_that_of_the_rfc() -> None:
    """The example of RFC 9449 §7.1."""
    assert ath("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU") == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
