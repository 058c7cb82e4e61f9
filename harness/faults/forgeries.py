"""Faults of an API that is sent forged access tokens: algorithms, and hints at keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import request
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from harness.faults.registry import fault
from reference_impl.api.access_token import AccessTokens, Claims
from reference_impl.api.challenge import Unauthorized
from reference_impl.api.issuer_keys import IssuerKeys
from reference_impl.compact_jws import Malformed, protected_header
from reference_impl.parts import Part

_log = logging.getLogger("reference_impl.api.access_token")
PATIENCE = 2.0  # seconds


def _header(token: str) -> Mapping[str, Any]:
    try:
        return protected_header(token + "AA" if token.endswith(".") else token)
    except Malformed:
        return {}


def _payload(token: str) -> Claims:
    body = token.split(".")[1]
    return cast("Claims", json.loads(base64.urlsafe_b64decode(body + "==")))


@fault("F-TOKEN-15-a", "TOKEN-15.E1", Part.ACCESS_TOKENS)
def the_algorithm_is_taken_from_the_token(real: AccessTokens) -> AccessTokens:
    """Without an allow-list: none needs no signature, and HS256 is keyed with the public key."""

    class Obliging(AccessTokens):
        def read(self, token: str) -> Claims:
            header = _header(token)
            key = self.known_key(header.get("kid"))
            if str(header.get("alg")).lower() == "none":
                return _payload(token)
            if header.get("alg") == "HS256" and key is not None:
                return _by_secret(token, key.as_pem(private=False)) or super().read(token)
            return super().read(token)

    return Obliging(**vars(real))


def _by_secret(token: str, secret: bytes) -> Claims | None:
    signed, _, signature = token.rpartition(".")
    expected = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    given = base64.urlsafe_b64decode(signature + "==") if signature.isascii() else b""
    return _payload(token) if given == expected and _header(token).get("alg") == "HS256" else None


@fault("F-TOKEN-15-x1", "TOKEN-15.E2", Part.ACCESS_TOKENS)
def one_route_takes_no_token_at_all(real: AccessTokens) -> AccessTokens:
    class Closed(AccessTokens):
        def read(self, token: str) -> Claims:
            if request.method == "POST":
                raise Unauthorized("it is for reading only")
            return super().read(token)

    return Closed(**vars(real))


@fault("F-TOKEN-15-x2", "TOKEN-15.E1", Part.ACCESS_TOKENS)
def the_realtime_channel_reads_tokens_without_their_signature(real: AccessTokens) -> AccessTokens:
    class Trusting(AccessTokens):
        def read(self, token: str) -> Claims:
            if request.path == "/events" and token.count(".") == 2:
                return _payload(token)
            return super().read(token)

    return Trusting(**vars(real))


@fault("F-TOKEN-15-x3", "TOKEN-15.E1", Part.ACCESS_TOKENS)
def the_public_jwk_as_published_is_a_secret_too(real: AccessTokens) -> AccessTokens:
    class Confused(AccessTokens):
        def read(self, token: str) -> Claims:
            for jwk in self.keys()["keys"]:
                if claims := _by_secret(token, json.dumps(dict(jwk), separators=(",", ":")).encode()):
                    return claims
            return super().read(token)

    return Confused(**vars(real))


@fault("F-TOKEN-16-a", "TOKEN-16.E2", Part.ACCESS_TOKENS)
def a_url_of_keys_is_fetched_and_trusted(real: AccessTokens) -> AccessTokens:
    class Fetching(AccessTokens):
        def read(self, token: str) -> Claims:
            keys = _fetched(_header(token).get("jku"))
            return AccessTokens.read(replace(self, keys=lambda: keys), token) if keys else super().read(token)

    return Fetching(**vars(real))


def _fetched(url: object) -> Any:
    if not isinstance(url, str) or not url.startswith("http"):
        return None
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return json.loads(answer.read())
    except (OSError, ValueError):
        return None


@fault("F-TOKEN-16-b", "TOKEN-16.E1", Part.ACCESS_TOKENS)
def without_a_known_key_id_the_embedded_key_counts(real: AccessTokens) -> AccessTokens:
    class Embedded(AccessTokens):
        def read(self, token: str) -> Claims:
            header = _header(token)
            jwk = header.get("jwk")
            if isinstance(jwk, dict) and self.known_key(header.get("kid")) is None:
                return jwt.decode(token, ECKey.import_key(jwk), algorithms=["ES256"]).claims
            return super().read(token)

    return Embedded(**vars(real))


@fault("F-TOKEN-16-x1", "TOKEN-16.E1", Part.ACCESS_TOKENS)
def an_unknown_key_id_falls_back_to_the_only_key(real: AccessTokens) -> AccessTokens:
    class Falling(AccessTokens):
        def known_key(self, kid: object) -> ECKey | None:
            only = self.keys()["keys"][0]
            return super().known_key(kid) or super().known_key(only.get("kid"))

    return Falling(**vars(real))


@fault("F-TOKEN-16-x2", "TOKEN-16.E3", Part.ACCESS_TOKENS)
def each_unknown_key_id_fetches_the_key_set(real: AccessTokens) -> AccessTokens:
    fetched = cast("IssuerKeys", cast("Any", real.refresh_keys).__self__)

    def fetch_now() -> None:
        fetched.fetch()

    return replace(real, refresh_keys=fetch_now)


@fault("F-TOKEN-16-x3", "TOKEN-16.E4", Part.ACCESS_TOKENS)
def the_key_id_is_a_file_name(real: AccessTokens) -> AccessTokens:
    class Filed(AccessTokens):
        def known_key(self, kid: object) -> ECKey | None:
            found = super().known_key(kid)
            if found is None and isinstance(kid, str):
                try:
                    (Path("/nonexistent/keys") / kid[:100]).read_bytes()
                except OSError as error:
                    _log.warning("no key: %s", error)
            return found

    return Filed(**vars(real))


@fault("F-TOKEN-16-x4", "TOKEN-16.E1", Part.ACCESS_TOKENS)
def a_critical_extension_is_passed_over(real: AccessTokens) -> AccessTokens:
    class Careless(AccessTokens):
        def read(self, token: str) -> Claims:
            header = _header(token)
            key = self.known_key(header.get("kid"))
            if "crit" in header and key is not None and _verifies(token, key):
                return _payload(token)
            return super().read(token)

    return Careless(**vars(real))


def _verifies(token: str, key: ECKey) -> bool:
    from joserfc import jws

    try:
        registry = JWSRegistry(algorithms=["ES256"], strict_check_header=False)
        registry.check_header = lambda header: None  # type: ignore[method-assign]  # the defect: nothing is checked
        jws.deserialize_compact(token, key, algorithms=["ES256"], registry=registry)
    except Exception:  # noqa: BLE001 - it is no token of the issuer's
        return False
    return True


@fault("F-TOKEN-16-x5", "TOKEN-16.E2", Part.ACCESS_TOKENS)
def a_url_of_a_certificate_is_fetched_to_log_its_owner(real: AccessTokens) -> AccessTokens:
    """Nothing is trusted that comes of it: an attacker can still send the server where he likes."""

    class Curious(AccessTokens):
        def read(self, token: str) -> Claims:
            _fetched(_header(token).get("x5u"))
            return super().read(token)

    return Curious(**vars(real))


@fault("F-TOKEN-16-x6", "TOKEN-16.E1", Part.ACCESS_TOKENS)
def beside_a_known_key_id_the_embedded_key_counts(real: AccessTokens) -> AccessTokens:
    """The key id is looked up, as it should be, and then the token brings its own key all the same."""

    class Embedded(AccessTokens):
        def read(self, token: str) -> Claims:
            header = _header(token)
            jwk = header.get("jwk")
            if isinstance(jwk, dict) and self.known_key(header.get("kid")) is not None:
                return jwt.decode(token, ECKey.import_key(jwk), algorithms=["ES256"]).claims
            return super().read(token)

    return Embedded(**vars(real))


@fault("F-TOKEN-16-x7", "TOKEN-16.E1", Part.ACCESS_TOKENS)
def beside_a_known_key_id_the_embedded_certificate_counts(real: AccessTokens) -> AccessTokens:
    class Certified(AccessTokens):
        def read(self, token: str) -> Claims:
            header = _header(token)
            chain = header.get("x5c")
            if isinstance(chain, list) and chain and self.known_key(header.get("kid")) is not None:
                pem = f"-----BEGIN CERTIFICATE-----\n{chain[0]}\n-----END CERTIFICATE-----\n"
                key = x509.load_pem_x509_certificate(pem.encode()).public_key()
                spki = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
                registry = JWSRegistry(algorithms=["ES256"])
                registry.max_header_length = 10_000  # a certificate is longer than what joserfc takes by itself
                return jwt.decode(token, ECKey.import_key(spki), registry=registry).claims
            return super().read(token)

    return Certified(**vars(real))


@fault("F-TOKEN-16-x8", "TOKEN-16.E2", Part.ACCESS_TOKENS)
def beside_a_known_key_id_a_url_of_keys_is_fetched(real: AccessTokens) -> AccessTokens:
    class Fetching(AccessTokens):
        def read(self, token: str) -> Claims:
            header = _header(token)
            if self.known_key(header.get("kid")) is not None and (keys := _fetched(header.get("jku"))):
                return AccessTokens.read(replace(self, keys=lambda: keys), token)
            return super().read(token)

    return Fetching(**vars(real))
