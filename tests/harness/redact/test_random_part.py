"""What of a secret is looked for in parts: what is random in it, and nothing that others say too."""

from __future__ import annotations

import base64
import json

import pytest

from harness.secret_forms import random_part

SIGNATURE = b"c2lnbmF0dXJlLXRoYXQtaXMtcmFuZG9t"


def part(value: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


HEADER, CLAIMS = part({"alg": "ES256", "kid": "a-key-of-others"}), part({"sub": "somebody"})


@pytest.mark.parametrize(
    ("secret", "random"),
    [
        (b".".join([HEADER, CLAIMS, SIGNATURE]), SIGNATURE),
        (b".".join([HEADER, CLAIMS, b""]), b""),
        (b".".join([HEADER, CLAIMS]), b""),
        (b".".join([HEADER, SIGNATURE]), b".".join([HEADER, SIGNATURE])),
        (b"refresh_token." + SIGNATURE, SIGNATURE),
        (SIGNATURE, SIGNATURE),
    ],
    ids=["a JWS", "an empty signature", "no signature at all", "no JWS", "leading words", "an opaque token"],
)
def test_only_what_is_random_is_looked_for_in_parts(secret: bytes, random: bytes) -> None:
    assert random_part(secret) == random
