"""The stage's signing keys: ES256, and nothing else. One signs; those that did or will are published beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from reference_impl.clock import SystemClock
from reference_impl.compact_jws import protected_header
from reference_impl.rotation.generations import Generation
from reference_impl.rotation.live import LiveGenerations
from reference_impl.rotation.policy import SIGNING

ALGORITHM = "ES256"
TYPE = "at+jwt"  # RFC 9068 §2.1


class KeyRing:
    """Signs access tokens with the key of the day, and publishes the public half of each that is good."""

    def __init__(self, private_jwk: Mapping[str, str], live: LiveGenerations | None = None) -> None:
        """``private_jwk``: the key before the first rotation; ``live``: where rotations are seen.

        Raises joserfc.errors.JoseError if the JWK is not an EC key.
        """
        self._configured = Generation(private_jwk["kid"], json.dumps(dict(private_jwk)), used_from=0.0)
        self._live = live or LiveGenerations.of_nothing(SystemClock())
        self._imported: dict[str, ECKey] = {}
        self._key(self._configured)

    @property
    def kid(self) -> str:
        """The id of the key that signs now."""
        return self._live.of(SIGNING, self._configured).current(self._live.now()).name

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return the claims as a signed JWT whose header names algorithm, type and key."""
        signing = self._live.of(SIGNING, self._configured).current(self._live.now())
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": signing.name}
        return jwt.encode(header, dict(claims), self._key(signing), algorithms=[ALGORITHM])

    def sign_as(self, type_: str, payload: bytes) -> str:
        """Return the payload as a signed JWS of another type than a token's, by the key of the day."""
        signing = self._live.of(SIGNING, self._configured).current(self._live.now())
        header = {"alg": ALGORITHM, "typ": type_, "kid": signing.name}
        return jws.serialize_compact(header, payload, self._key(signing), algorithms=[ALGORITHM])

    def read(self, token: str) -> Mapping[str, object] | None:
        """Return the claims of a token that one of the keys signed, expired or not; None for anything else."""
        try:
            header = protected_header(token)
            known = () if "crit" in header else self.published()  # no extension is understood (RFC 7515 §4.1.11)
            signer = next((each for each in known if each.name == header.get("kid")), None)
            return jwt.decode(token, self._key(signer), algorithms=[ALGORITHM]).claims if signer else None
        except (JoseError, ValueError):
            return None

    def jwks(self) -> dict[str, list[dict[str, object]]]:
        """Return the JWK set (RFC 7517 §5) with the public keys: also one that will sign, and those that did."""
        return {"keys": [self._public(each) for each in self.published()]}

    def published(self) -> Iterator[Generation]:
        """Yield the keys that are good now."""
        yield from self._live.of(SIGNING, self._configured).accepted(self._live.now())

    def _public(self, generation: Generation) -> dict[str, object]:
        public: dict[str, object] = dict(self._key(generation).as_dict(private=False))
        return {**public, "kid": generation.name, "use": "sig", "alg": ALGORITHM}

    def _key(self, generation: Generation) -> ECKey:
        """Return the key, imported once."""
        if generation.name not in self._imported:
            self._imported[generation.name] = ECKey.import_key(json.loads(generation.value))
        return self._imported[generation.name]
