"""JWTs in an attacker's hand: any header, any claims, any signature (RFC 7515, RFC 7519)."""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.x509.oid import NameOID
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

__all__ = ["OTHER", "AttackerKeys", "PublicKey", "Sign", "Token", "compact", "hmac_by", "read", "read_jwk", "unsigned"]

Sign = Callable[[bytes], bytes]
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Token:
    """A token that was issued, taken apart. `signature` is as it stands there."""

    header: Json
    claims: Json
    signature: str


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(token: str) -> Token | None:
    """The parts of a JWT in compact serialisation; None for what is none."""
    try:
        head, body, signature = token.split(".")
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, body))
    except (ValueError, RecursionError):
        return None
    return Token(header, claims, signature) if isinstance(header, dict) and isinstance(claims, dict) else None


def unsigned(header: Json, claims: Json) -> str:
    """What is signed: header and claims, each in base64url."""
    return ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))


def compact(header: Json, claims: Json, sign: Sign) -> str:
    """A JWS in compact serialisation (RFC 7515 §7.1)."""
    signed = unsigned(header, claims)
    return f"{signed}.{base64url(sign(signed.encode()))}"


def hmac_by(secret: bytes) -> Sign:
    """HS256 with this secret."""
    return lambda signed: hmac.new(secret, signed, hashlib.sha256).digest()


def es256_by(key: ec.EllipticCurvePrivateKey) -> Sign:
    """ES256: both numbers, each of 32 bytes (RFC 7518 §3.4)."""

    def sign(signed: bytes) -> bytes:
        numbers = utils.decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
        return b"".join(number.to_bytes(32, "big") for number in numbers)

    return sign


OTHER = {"ES256": "RS256"}  # to any other algorithm: ES256
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}  # RFC 7518 §3.4


class AttackerKeys:
    """A key of somebody whom nobody trusts, made for this once, of the kind that the algorithm needs: a verifier that
    knows one algorithm alone refuses any other before it looks at a key. Where no key pair belongs to the algorithm
    (HS256), or it is not known here, ES256."""

    def __init__(self, algorithm: str = "ES256") -> None:
        found = _key_for(algorithm)
        self.algorithm, self._key = (algorithm, found) if found else ("ES256", ECKey.generate_key(CURVES["ES256"]))
        self.jwk = dict(self._key.as_dict(private=False))

    def sign(self, signed: bytes) -> bytes:
        """By the algorithm (RFC 7518 §3, RFC 8037 §3.1)."""
        return JWSRegistry.algorithms[self.algorithm].sign(signed, self._key)

    @functools.cached_property
    def other(self) -> AttackerKeys:
        """A key of another algorithm."""
        return AttackerKeys(OTHER.get(self.algorithm, "ES256"))

    @functools.cached_property
    def certificate(self) -> x509.Certificate:
        """A certificate of the key by itself."""
        key = cast("CertificateIssuerPrivateKeyTypes", self._key.private_key)
        hashed = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "attacker.example")])
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        day = datetime.timedelta(days=1)
        return builder.not_valid_before(now - day).not_valid_after(now + day).sign(key, hashed)

    @property
    def x5c(self) -> list[str]:
        """The certificate as a header names it (RFC 7515 §4.1.6)."""
        return [base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()]

    @property
    def x5u(self) -> bytes:
        """The certificate as it lies at a URL (RFC 7515 §4.1.5)."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class PublicKey:
    """A public key in the forms in which a careless verifier could take it for a secret."""

    pem: bytes
    der: bytes
    jwk: bytes
    sorted_jwk: bytes


def read_jwk(jwk: Json) -> PublicKey | None:
    """The key of a JWK as it was published; None where it is no public key, or none that can be read."""
    try:
        key = JWKRegistry.import_key(dict(jwk)) if jwk.get("kty") in ("EC", "RSA", "OKP") else None
        if key is None or isinstance(key, OctKey):
            return None
        pem = key.as_pem(private=False)
        der = serialization.load_pem_public_key(pem).public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    as_told, in_order = (json.dumps(dict(jwk), separators=(",", ":"), sort_keys=s).encode() for s in (False, True))
    return PublicKey(pem, der, as_told, in_order)


def _key_for(algorithm: str) -> ECKey | RSAKey | OKPKey | None:
    """A new key pair; None where none belongs to the algorithm."""
    if algorithm in CURVES:
        return ECKey.generate_key(CURVES[algorithm])
    if algorithm in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
        return RSAKey.generate_key(2048)
    return OKPKey.generate_key("Ed25519") if algorithm in ("EdDSA", "Ed25519") else None
