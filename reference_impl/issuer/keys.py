"""The stage's signing key: ES256, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ALGORITHM = "ES256"
TYPE = "at+jwt"  # RFC 9068 §2.1


class KeyRing:
    """Signs access tokens with the stage's key, and publishes its public half."""

    def __init__(self, private_jwk: Mapping[str, str]) -> None:
        """Raises joserfc.errors.JoseError if the JWK is not an EC key."""
        self._key = ECKey.import_key(dict(private_jwk))
        self.kid = private_jwk["kid"]

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return the claims as a signed JWT whose header names algorithm, type and key."""
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": self.kid}
        return jwt.encode(header, dict(claims), self._key, algorithms=[ALGORITHM])

    def read(self, token: str) -> Mapping[str, object] | None:
        """Return the claims of a token that this key signed, expired or not; None for anything else."""
        try:
            return jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            return None

    def jwks(self) -> dict[str, list[dict[str, object]]]:
        """Return the JWK set (RFC 7517 §5) with the public key."""
        public: dict[str, object] = dict(self._key.as_dict(private=False))
        return {"keys": [{**public, "kid": self.kid, "use": "sig", "alg": ALGORITHM}]}
