"""SST's encrypted resource file, as SST 4 packs it with a function and its package ``sst`` reads it.

AES-256-GCM with a 12-byte nonce of zeros (each file has a key of its own, so the nonce never meets a key twice), the
16-byte tag after the ciphertext, no associated data. The plaintext is JSON, from names to objects. ``SST_KEY`` is the
key in base64.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reference_impl.json_text import read_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE = bytes(12)
TAG_BYTES = 16

Resource = dict[str, Any]  # `Any`: what a resource holds is checked where it is used


class ResourceFileError(ValueError):
    """The file cannot be opened with this key, or does not hold resources. The message quotes neither."""


def new_key() -> str:
    """Return a fresh key, as ``SST_KEY`` holds it. Use it for one file only: the nonce is fixed."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def seal_resources(resources: Mapping[str, Mapping[str, object]], key: str) -> bytes:
    """Return the file's bytes. Raises ResourceFileError for a key that is none."""
    plaintext = json.dumps(dict(resources), separators=(",", ":"), ensure_ascii=False)
    return _cipher(key).encrypt(NONCE, plaintext.encode(), None)


def open_resources(sealed: bytes, key: str) -> dict[str, Resource]:
    """Return the resources by name. Raises ResourceFileError."""
    from cryptography.exceptions import InvalidTag

    if len(sealed) < TAG_BYTES:
        raise ResourceFileError(f"it is {len(sealed)} bytes long, shorter than its tag")
    try:
        plaintext = _cipher(key).decrypt(NONCE, sealed, None)
    except InvalidTag:
        raise ResourceFileError("it was changed, or is of another key") from None
    try:
        resources = read_json(plaintext)
    except ValueError:
        raise ResourceFileError("its content is not JSON") from None  # the cause would quote it
    if not isinstance(resources, dict) or not all(isinstance(value, dict) for value in resources.values()):
        raise ResourceFileError("its content is not a JSON object of objects")
    return resources


def _cipher(key: str) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        decoded = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raise ResourceFileError("the key is not base64") from None
    if len(decoded) != KEY_BYTES:
        raise ResourceFileError(f"the key has {len(decoded)} bytes, not {KEY_BYTES}")
    return AESGCM(decoded)
