"""SST's own secret state: where ``sst secret set NAME --stage STAGE`` keeps what it is given.

The SSM String ``/sst/bootstrap`` names the state bucket. Its object ``secret/<app>/<stage>.json`` is a 12-byte nonce,
the AES-256-GCM ciphertext of a JSON object from names to texts, and the 16-byte tag; the SecureString
``/sst/passphrase/<app>/<stage>`` is its key in base64 (32 bytes).

SST has a stage ``_fallback``, whose secrets count in every stage that has none of its own. They are not read here: a
value that every stage shares is another stage's value too.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reference_impl.aws import AwsClients
from reference_impl.json_text import read_json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

BOOTSTRAP = "/sst/bootstrap"
FALLBACK = "_fallback"
NONCE_BYTES, KEY_BYTES, TAG_BYTES = 12, 32, 16


class SecretStateError(Exception):
    """The stage's secret state cannot be read; the message names the place and quotes no secret."""


@dataclass(frozen=True)
class SecretState:
    """The secrets of one stage of one app, in SST's state."""

    clients: AwsClients
    app: str
    stage: str

    def __post_init__(self) -> None:
        """Refuse the stage that is none. Raises ValueError."""
        if self.stage == FALLBACK or "/" in self.stage:
            raise ValueError(f"{self.stage!r} is no stage of its own: its secrets would be shared")

    @property
    def passphrase_name(self) -> str:
        """The parameter that holds the key."""
        return f"/sst/passphrase/{self.app}/{self.stage}"

    @property
    def key(self) -> str:
        """The object's key in the state bucket."""
        return f"secret/{self.app}/{self.stage}.json"

    def read(self) -> dict[str, str]:
        """Return the secrets by name; none where the stage has none yet. Raises SecretStateError."""
        with closing(self.clients.ssm()) as ssm, closing(self.clients.s3()) as s3:
            sealed = _get_object(s3, _state_bucket(ssm), self.key)
            if sealed is None:
                return {}
            passphrase = _parameter(ssm, self.passphrase_name)
        return open_state(sealed, passphrase, self.passphrase_name)

    def write(self, values: Mapping[str, str]) -> None:
        """Write all secrets of the stage, as SST does; the passphrase is made where there is none."""
        with closing(self.clients.ssm()) as ssm, closing(self.clients.s3()) as s3:
            try:
                passphrase = _parameter(ssm, self.passphrase_name)
            except SecretStateError:
                passphrase = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
                ssm.put_parameter(Name=self.passphrase_name, Value=passphrase, Type="SecureString")
            s3.put_object(Bucket=_state_bucket(ssm), Key=self.key, Body=seal_state(values, passphrase))


def seal_state(values: Mapping[str, str], passphrase: str) -> bytes:
    """Return the object's bytes: a fresh nonce, the ciphertext, the tag."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_BYTES)
    plaintext = json.dumps(dict(values), separators=(",", ":"), ensure_ascii=False).encode()
    return nonce + AESGCM(_key(passphrase, "the passphrase")).encrypt(nonce, plaintext, None)


def open_state(sealed: bytes, passphrase: str, passphrase_name: str = "the passphrase") -> dict[str, str]:
    """Return the secrets by name. Raises SecretStateError."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise SecretStateError(f"it is {len(sealed)} bytes long, shorter than nonce and tag")
    cipher = AESGCM(_key(passphrase, passphrase_name))
    try:
        values = read_json(cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None))
    except InvalidTag:
        raise SecretStateError(f"it was changed, or {passphrase_name} is not its key") from None
    except ValueError:
        raise SecretStateError("its content is not JSON") from None  # the cause would quote it
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise SecretStateError("its content is not a JSON object of texts")
    return values


def _key(passphrase: str, name: str) -> bytes:
    try:
        key = base64.b64decode(passphrase, validate=True)
    except (binascii.Error, ValueError):
        raise SecretStateError(f"{name} is not base64") from None
    if len(key) != KEY_BYTES:
        raise SecretStateError(f"{name} has {len(key)} bytes, not {KEY_BYTES}")
    return key


def _state_bucket(ssm: SSMClient) -> str:
    try:
        found = read_json(_parameter(ssm, BOOTSTRAP))
    except ValueError:
        found = None
    bucket = found.get("state") if isinstance(found, dict) else None
    if not isinstance(bucket, str) or not bucket:
        raise SecretStateError(f'SSM parameter {BOOTSTRAP} names no bucket under "state": run sst bootstrap')
    return bucket


def _parameter(ssm: SSMClient, name: str) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except ClientError as error:
        raise SecretStateError(f"SSM parameter {name} cannot be read: {error.response['Error']['Code']}") from error
    except BotoCoreError as error:
        raise SecretStateError(f"SSM parameter {name} cannot be read: {type(error).__name__}") from error


def _get_object(s3: S3Client, bucket: str, key: str) -> bytes | None:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "NoSuchKey":
            return None
        raise SecretStateError(f"s3://{bucket}/{key} cannot be read: {code}") from error
    except BotoCoreError as error:
        raise SecretStateError(f"s3://{bucket}/{key} cannot be read: {type(error).__name__}") from error
