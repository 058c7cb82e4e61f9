"""Who an event is of: the issuer signs its properties, and consumers verify that before they believe it.

A bus takes events from everybody whom its policy lets, and what an entry says of its source is only said (ASVS 5.0.0
16.4.2). So an event carries a detached JWS (RFC 7515 appendix F) over its properties in canonical form, under the key
that signs the issuer's tokens; the type in its header keeps it from passing for a token, and a token for it.

A token dies before its key ends, an event is read from an archive long after. So the issuer publishes, apart from the
JWK set for tokens, the keys by which its events are verified, those that have ended among them, each with the time in
which it signed. An event counts if it says that it was recorded in the time of its key: who steals a key that has ended
can tell nothing of the present with it. A key that was withdrawn is not there: nothing that it signed counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Self

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ALGORITHM = "ES256"
TYPE = "auth-event+jws"
MEMBER = "signature"  # of an event's metadata
PATH = "/.well-known/event-keys.json"  # below the issuer: the keys, as a JWK set with `nbf` and `exp` of each
SKEW = 60.0  # seconds: what is recorded as a key begins may tell a moment before it

SignsAs = Callable[[str, bytes], str]
Jwks = Mapping[str, Sequence[Mapping[str, object]]]


def canonical(properties: Mapping[str, object]) -> bytes:
    """Return the properties as they are signed: sorted, compact JSON in UTF-8. Texts and whole numbers only, so that
    every way through a bus and back gives the same bytes."""
    return json.dumps(properties, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


class EventSigner:
    """Signs events by whatever signs for the issuer: its key ring, or one key."""

    def __init__(self, sign: SignsAs | None = None) -> None:
        """``sign``: returns a payload as a compact JWS of this type; where it is made later, see `use`."""
        self._sign = sign

    @classmethod
    def of_key(cls, private_jwk: Mapping[str, str]) -> Self:
        """Return a signer by one EC key with its kid. Raises joserfc.errors.JoseError if the JWK is none."""
        key, kid = ECKey.import_key(dict(private_jwk)), private_jwk["kid"]

        def sign(type_: str, payload: bytes) -> str:
            header = {"alg": ALGORITHM, "typ": type_, "kid": kid}
            return jws.serialize_compact(header, payload, key, algorithms=[ALGORITHM])

        return cls(sign)

    def use(self, sign: SignsAs) -> None:
        """Sign by this from now on."""
        self._sign = sign

    def __call__(self, properties: Mapping[str, object]) -> Mapping[str, str]:
        """Return the metadata of an event with these properties. Raises RuntimeError before there is what signs."""
        if self._sign is None:
            raise RuntimeError("nothing signs events yet: give the signer the issuer's key ring")
        header, _, signature = self._sign(TYPE, canonical(properties)).split(".")
        return {MEMBER: f"{header}..{signature}"}


class EventVerifier:
    """Verifies events by the keys that the issuer publishes for that."""

    def __init__(self, keys: Callable[[], Jwks]) -> None:
        """``keys`` returns the JWK set at `PATH`, not older than ten minutes: so long may a withdrawn key be believed.

        What it raises where it cannot be had is passed on: the event is not refused then, and has to come again.
        """
        self._keys = keys

    def __call__(self, properties: Mapping[str, object], metadata: Mapping[str, object]) -> bool:
        """Say whether the issuer signed these properties, with a key of the time that they tell."""
        told = str(metadata.get(MEMBER, ""))
        try:
            compact = jws.extract_compact(told.encode("ascii"), canonical(properties))
            header = compact.headers()
            key = self.key_of(header.get("kid"), properties)
            detached = ".." in told and header.get("typ") == TYPE
            return detached and key is not None and jws.validate_compact(compact, key, algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            return False

    def key_of(self, kid: object, properties: Mapping[str, object]) -> ECKey | None:
        """Return the key with this id, if it signed at the time that the properties tell. Raises ValueError."""
        for jwk in self._keys()["keys"]:
            if (jwk.get("kid"), jwk.get("kty")) == (kid, "EC") and self.signed_at(jwk, recorded_at(properties)):
                return ECKey.import_key({name: value for name, value in jwk.items() if isinstance(value, str)})
        return None

    def signed_at(self, jwk: Mapping[str, object], moment: float) -> bool:
        """Say whether the issuer signed with this key then; one without `nbf` and `exp` has no bounds. By the clock of
        who signed alone: when an event is read does not count."""
        begins, ends = (float(str(jwk.get(name, bound))) for name, bound in (("nbf", "-inf"), ("exp", "inf")))
        return begins - SKEW <= moment < ends


def recorded_at(properties: Mapping[str, object]) -> float:
    """Return when the issuer learned of it, and signed; events of version 1.0 tell when it happened alone. Raises
    ValueError."""
    told = properties.get("recorded_at", properties.get("occurred_at"))
    return datetime.fromisoformat(str(told)).timestamp()
