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
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OctKey

__all__ = ["AttackerKeys", "PublicKey", "Sign", "Token", "compact", "hmac_by", "read", "read_jwk", "unsigned"]

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


class AttackerKeys:
    """Keys of somebody whom nobody trusts, made for this once."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.es256 = es256_by(self._key)
        self.jwk = dict(ECKey.import_key(_pem(self._key.public_key())).as_dict(private=False))

    @functools.cached_property
    def _rsa(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65537, 2048)

    def rs256(self, signed: bytes) -> bytes:
        return self._rsa.sign(signed, padding.PKCS1v15(), hashes.SHA256())

    @functools.cached_property
    def certificate(self) -> x509.Certificate:
        """A certificate of the key by itself."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "attacker.example")])
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(name, name, self._key.public_key(), x509.random_serial_number())
        day = datetime.timedelta(days=1)
        return builder.not_valid_before(now - day).not_valid_after(now + day).sign(self._key, hashes.SHA256())

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


def _pem(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
