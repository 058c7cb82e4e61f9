"""Forged access tokens, by the names that the specification gives them: algorithms (RFC 8725 §3.1, §3.2) and hints at
keys (§3.10)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.probes.forgery import OTHER, AttackerKeys, PublicKey, Sign, Token, compact, hmac_by, unsigned

__all__ = ["ALGORITHMS", "KEY_HINTS", "WELL_SIGNED", "Forger", "Listener"]

LONG = 10_000  # characters


@dataclass(frozen=True)
class Listener:
    """Where an attacker would lie in wait: URLs of a key set and of a certificate."""

    jku: str
    x5u: str


@dataclass(frozen=True)
class Forger:
    """Who forges: with a token that was issued, the issuer's public key, keys of his own, and an address. `sign` signs
    by the issuer's own key, where the harness has that."""

    token: Token
    public: PublicKey
    keys: AttackerKeys
    listener: Listener | None = None
    sign: Sign | None = None

    def headed(self, **changes: Any) -> Mapping[str, Any]:
        """The header with changes; None removes a member."""
        return {name: value for name, value in {**self.token.header, **changes}.items() if value is not None}

    @property
    def issuers_key_id(self) -> Mapping[str, Any]:
        """The member `kid` of the token's header; nothing where it has none."""
        return {name: value for name, value in self.token.header.items() if name == "kid"}

    def with_signature(self, header: Mapping[str, Any], signature: str, **claims: Any) -> str:
        return f"{unsigned(header, {**self.token.claims, **claims})}.{signature}"

    def by_secret(self, secret: bytes, **changes: Any) -> str:
        return compact(self.headed(alg="HS256", **changes), self.token.claims, hmac_by(secret))

    def by_attacker(self, **changes: Any) -> str:
        return compact(self.headed(alg=self.keys.algorithm, **changes), self.token.claims, self.keys.sign)

    def by_other_algorithm(self) -> str:
        other = self.keys.other
        return compact(self.headed(alg=other.algorithm), self.token.claims, other.sign)

    def other_algorithm(self) -> str:
        return OTHER.get(str(self.token.header.get("alg")), "ES256")

    def json_serialisation(self) -> str:
        """RFC 7515 §7.2.2."""
        protected, payload = unsigned(self.token.header, self.token.claims).split(".")
        return json.dumps({"payload": payload, "protected": protected, "signature": self.token.signature})

    def in_vain(self, number: int) -> str:
        """A short token with a key id that nobody knows."""
        header = self.headed(alg=self.keys.algorithm, kid=f"unknown-{number}")
        return compact(header, {"n": number}, self.keys.sign)


ALGORITHMS: Mapping[str, Callable[[Forger], str]] = {
    "the algorithm none": lambda f: f.with_signature(f.headed(alg="none"), ""),
    "the algorithm None": lambda f: f.with_signature(f.headed(alg="None"), ""),
    "the algorithm nONE": lambda f: f.with_signature(f.headed(alg="nONE"), ""),
    "the public key's PEM as secret": lambda f: f.by_secret(f.public.pem),
    "the same without its last line end": lambda f: f.by_secret(f.public.pem.rstrip(b"\n")),
    "the public key's DER as secret": lambda f: f.by_secret(f.public.der),
    "the public JWK as secret": lambda f: f.by_secret(f.public.jwk),
    "the same with its members in order": lambda f: f.by_secret(f.public.sorted_jwk),
    "an empty secret": lambda f: f.by_secret(b""),
    "another algorithm over the signature": lambda f: f.with_signature(
        f.headed(alg=f.other_algorithm()), f.token.signature
    ),
    "another algorithm by another's key": lambda f: f.by_other_algorithm(),
    "the right algorithm by another's key": lambda f: f.by_attacker(),
    "no signature": lambda f: f.with_signature(f.token.header, ""),
    "no third segment": lambda f: unsigned(f.token.header, f.token.claims),
    "an edited payload": lambda f: f.with_signature(f.token.header, f.token.signature, sub="somebody-else"),
    "the JSON serialisation": Forger.json_serialisation,
}


def _hint(name: str, of: Callable[[Listener], str], **changes: Any) -> Callable[[Forger], str]:
    """A token with a URL of the listener in its header."""

    def forge(forger: Forger) -> str:
        assert forger.listener is not None
        return forger.by_attacker(**{name: of(forger.listener)}, **changes)

    return forge


KEY_HINTS: Mapping[str, Callable[[Forger], str]] = {
    "an unknown key id": lambda f: f.by_attacker(kid="unknown"),
    "no key id": lambda f: f.by_attacker(kid=None),
    "a path as key id": lambda f: f.by_attacker(kid="../../../../../../dev/null"),
    "a path as key id, an empty secret": lambda f: f.by_secret(b"", kid="../../../../../../dev/null"),
    "SQL as key id": lambda f: f.by_attacker(kid="' OR 1=1--"),
    "SQL as key id, its answer as secret": lambda f: f.by_secret(b"x", kid="' UNION SELECT 'x'--"),
    "a key id of 10,000 characters": lambda f: f.by_attacker(kid="k" * LONG),
    "a URL of keys": _hint("jku", lambda listener: listener.jku, kid="attacker"),
    "a URL of a certificate": _hint("x5u", lambda listener: listener.x5u, kid="attacker"),
    "a key": lambda f: f.by_attacker(kid=None, jwk=f.keys.jwk),
    "a key, and its id": lambda f: f.by_attacker(kid="attacker", jwk={**f.keys.jwk, "kid": "attacker"}),
    "a certificate": lambda f: f.by_attacker(kid=None, x5c=f.keys.x5c),
    "a URL of keys, the issuer's key id": _hint("jku", lambda listener: listener.jku),
    "a URL of a certificate, the issuer's key id": _hint("x5u", lambda listener: listener.x5u),
    "a key, the issuer's key id": lambda f: f.by_attacker(jwk={**f.keys.jwk, **f.issuers_key_id}),
    "a certificate, the issuer's key id": lambda f: f.by_attacker(x5c=f.keys.x5c),
    "a critical extension": lambda f: f.by_attacker(crit=["exp2"], exp2=1),
}
"""By the attacker's key. The key id is the issuer's own where nothing else is said."""


def _well_signed(**changes: Any) -> Callable[[Forger], str]:
    def forge(forger: Forger) -> str:
        assert forger.sign is not None
        return compact(forger.headed(**changes), forger.token.claims, forger.sign)

    return forge


WELL_SIGNED: Mapping[str, Callable[[Forger], str]] = {
    "an unknown key id, well signed": _well_signed(kid="unknown"),
    "a critical extension, well signed": _well_signed(crit=["exp2"], exp2=1),
}
"""By the issuer's own key: what is wrong is the header alone."""
