"""The proof that a request brings in its DPoP header, and what it must be (RFC 9449 §4.2, §4.3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from reference_impl.clock import Clock
from reference_impl.compact_jws import Malformed, protected_header
from reference_impl.rfc9449.seen import SeenProofs

ALGORITHMS = ("ES256",)
TYPE = "dpop+jwt"
LIFETIME = 60.0  # seconds from its iat during which a proof is accepted
AHEAD = 5.0  # seconds that a client's clock may be fast: more, and proofs could be made in advance (RFC 9449 §11.1)
LONGEST_JTI = 256  # characters
PUBLIC_MEMBERS = ("kty", "crv", "x", "y")

Claims = Mapping[str, object]


class InvalidProof(Exception):
    """The proof is missing where one is needed, or is not one for this request."""


@dataclass(frozen=True)
class PresentedProof:
    """What a request brings: its DPoP headers, and what a proof must be for. ``url``: as the client knows it."""

    headers: tuple[str, ...] = field(repr=False)
    method: str
    url: str


@dataclass(frozen=True)
class ProofVerifier:
    """Judges proofs of one server."""

    clock: Clock
    seen: SeenProofs

    def verify(self, presented: PresentedProof, access_token: str | None = None) -> str:
        """Return the thumbprint (RFC 7638) of the key that made the proof; the proof is used up. Raises InvalidProof.

        ``access_token``: the token that the request brings, to a resource server.
        """
        proof = self.single(presented)
        key = self.read_key(proof)
        claims = self.read_claims(proof, key)
        self.check_request(claims, presented)
        self.check_time(claims)
        if access_token is not None:
            self.check_token(claims, access_token)
        thumbprint = key.thumbprint()
        self.check_first_use(claims, thumbprint)
        return thumbprint

    def single(self, presented: PresentedProof) -> str:
        """There is one DPoP header, and no more (§4.3, 1)."""
        if len(presented.headers) != 1:
            raise InvalidProof("a request brings one DPoP header")
        return presented.headers[0]

    def read_key(self, proof: str) -> ECKey:
        """Return the key that the proof names as its maker's; type and algorithm are a proof's (§4.3, 4-5, 7)."""
        try:
            header = protected_header(proof)
            jwk = header.get("jwk")
            if header.get("typ") != TYPE or header.get("alg") not in ALGORITHMS or not isinstance(jwk, dict):
                raise InvalidProof("its header is not that of a proof")
            if "d" in jwk or jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
                raise InvalidProof("its key is no public key of P-256")
            return ECKey.import_key({name: str(jwk.get(name, "")) for name in PUBLIC_MEMBERS})
        except (Malformed, JoseError, ValueError) as error:
            raise InvalidProof("it is malformed, or its key is") from error

    def read_claims(self, proof: str, key: ECKey) -> Claims:
        """Return the claims, signed by that key (§4.3, 6)."""
        try:
            return jwt.decode(proof, key, algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError, RecursionError) as error:
            raise InvalidProof("its signature does not hold") from error

    def check_request(self, claims: Claims, presented: PresentedProof) -> None:
        """It is for this method and this URL, query and fragment aside (§4.3, 8-9)."""
        if claims.get("htm") != presented.method:
            raise InvalidProof("it is for another method")
        if normalized(claims.get("htu")) != normalized(presented.url):
            raise InvalidProof("it is for another URL")

    def check_time(self, claims: Claims) -> None:
        """It was made just now (§4.3, 11)."""
        made, now = claims.get("iat"), self.clock.now()
        if not isinstance(made, (int, float)) or isinstance(made, bool):
            raise InvalidProof("it does not say when it was made")
        if not now - LIFETIME < made <= now + AHEAD:
            raise InvalidProof("it was not made just now")

    def check_token(self, claims: Claims, access_token: str) -> None:
        """It is for this access token (§4.3, 12)."""
        digest = hashlib.sha256(access_token.encode()).digest()
        expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        given = claims.get("ath")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
            raise InvalidProof("it is for another token")

    def check_first_use(self, claims: Claims, thumbprint: str) -> None:
        """It comes for the first time (§11.1)."""
        jti, now = claims.get("jti"), self.clock.now()
        if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
            raise InvalidProof("it has no jti, or none that one could keep")
        if not self.seen.first_time(thumbprint, jti, now, now + LIFETIME + AHEAD):
            raise InvalidProof("it was used before")


def normalized(url: object) -> tuple[str, str, int | None, str] | None:
    """Return what of a URL counts (RFC 3986 §6.2.2, §6.2.3): None for what is no URL of a server."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        if parts is None or not parts.hostname or parts.username is not None:
            return None
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
        return parts.scheme, parts.hostname, port, parts.path or "/"
    except ValueError:
        return None
