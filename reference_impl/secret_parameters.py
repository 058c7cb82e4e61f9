"""A stage's secrets in SSM Parameter Store: SecureStrings below ``/<app>/<stage>/auth/``, and no other stage's.

| name | holds |
|---|---|
| `signing-key` | a private JWK: EC, P-256, ES256, with a `kid` |
| `refresh-key` | 32 bytes or more, base64url: derives successors of refresh tokens |
| `subject-key` | 32 bytes or more, base64url: derives pseudonyms of subjects |
| `users` | JSON list of the stand-in identity provider's users: `username`, `subject`, `password_hash`, `disabled` |

Each of a name and a subject of their own, for the subject is the account.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, TypeVar

from reference_impl.json_text import read_json

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

T = TypeVar("T")

SECRETS = ("signing-key", "refresh-key", "subject-key", "users")
MINIMUM_KEY_BYTES = 32
PRIVATE_JWK_MEMBERS = ("kty", "crv", "x", "y", "d", "kid")
SCRYPT_KEY_BYTES = 32
_SCRYPT = re.compile(
    r"scrypt\$(?P<n>\d{1,7})\$(?P<r>\d{1,2})\$(?P<p>\d{1,2})\$(?P<salt>[^$]+)\$(?P<key>[^$]+)", re.ASCII
)


@dataclass(frozen=True)
class User:
    """A user at the stand-in identity provider. ``subject``: the provider's own stable identifier of the person."""

    username: str
    subject: str
    password_hash: str = field(repr=False)  # "scrypt$n$r$p$salt$key", salt and key base64
    disabled: bool = False


@dataclass(frozen=True)
class StageSecrets:
    """The secrets of one stage, decoded."""

    signing_key: Mapping[str, str] = field(repr=False)
    refresh_key: bytes = field(repr=False)
    subject_key: bytes = field(repr=False)
    users: tuple[User, ...] = field(repr=False)


def parameter_name(app: str, stage: str, secret: str) -> str:
    """Return the full name of a secret in Parameter Store."""
    return f"/{app}/{stage}/auth/{secret}"


def read_secrets(
    ssm: SSMClient, app: str, stage: str, faults: list[str], texts: dict[str, str] | None = None
) -> StageSecrets | None:
    """Read and decode the stage's secrets; None, with a sentence in ``faults`` for each, if any is not usable.

    ``texts`` is given those that are there, as they are written.
    """
    found = _fetch(ssm, parameter_name(app, stage, ""), faults)
    if found is None:
        return None
    names = {secret: parameter_name(app, stage, secret) for secret in SECRETS}
    held = {secret: found[name] for secret, name in names.items() if name in found}
    if texts is not None:
        texts.update(held)
    places = {secret: f"SSM parameter {name}" for secret, name in names.items()}
    return decode_secrets(held, places, "write a SecureString", faults)


def decode_secrets(
    texts: Mapping[str, str], places: Mapping[str, str], mend: str, faults: list[str]
) -> StageSecrets | None:
    """Decode all secrets; None, with a sentence in ``faults`` for each, if any is missing, empty or not usable.

    ``places`` says for each secret where it stands, ``mend`` what to do where it does not.
    """
    decoders = dict(zip(SECRETS, (_signing_key, _key_bytes, _key_bytes, _users), strict=True))
    decoded: dict[str, object] = {}
    for secret, decode in decoders.items():
        if not texts.get(secret):
            faults.append(f"{places[secret]} is {'empty' if secret in texts else 'missing'}: {mend}")
            continue
        try:
            decoded[secret] = decode(texts[secret])
        except ValueError as error:
            faults.append(f"{places[secret]} is not usable: {error}")
    if len(decoded) < len(SECRETS):
        return None
    return StageSecrets(*decoded.values())  # type: ignore[arg-type]  # in the order of SECRETS, each by its decoder


def encode_secrets(secrets: StageSecrets) -> dict[str, str]:
    """Return the secrets as they are written, by name; `decode_secrets` gives equal ones back."""
    return {
        "signing-key": json.dumps(dict(secrets.signing_key)),
        "refresh-key": base64.urlsafe_b64encode(secrets.refresh_key).decode(),
        "subject-key": base64.urlsafe_b64encode(secrets.subject_key).decode(),
        "users": json.dumps([asdict(user) for user in secrets.users]),
    }


def write_secrets(ssm: SSMClient, app: str, stage: str, secrets: StageSecrets) -> None:
    """Write the stage's secrets, as a deployment does; those that are there are replaced."""
    for secret, value in encode_secrets(secrets).items():
        ssm.put_parameter(Name=parameter_name(app, stage, secret), Value=value, Type="SecureString", Overwrite=True)


def _fetch(ssm: SSMClient, path: str, faults: list[str]) -> dict[str, str] | None:
    """Return the SecureStrings below ``path`` by their full names; None if Parameter Store cannot be read."""
    from botocore.exceptions import BotoCoreError, ClientError

    found: dict[str, str] = {}
    try:
        for page in ssm.get_paginator("get_parameters_by_path").paginate(Path=path, WithDecryption=True):
            for parameter in page["Parameters"]:
                if parameter["Type"] == "SecureString":
                    found[parameter["Name"]] = parameter["Value"]
                else:
                    faults.append(f"SSM parameter {parameter['Name']} is a {parameter['Type']}, not a SecureString")
    except ClientError as error:
        faults.append(f"SSM parameters below {path} cannot be read: {error.response['Error']['Code']}")
        return None
    except BotoCoreError as error:
        faults.append(f"SSM parameters below {path} cannot be read: {type(error).__name__}; see AWS_ENDPOINT_URL")
        return None
    return found


def _signing_key(text: str) -> dict[str, str]:
    jwk = _json(text, dict)
    missing = [name for name in PRIVATE_JWK_MEMBERS if not isinstance(jwk.get(name), str) or not jwk[name]]
    if missing:
        raise ValueError(f"a private JWK has the member {missing[0]!r}, a string")
    if (jwk["kty"], jwk["crv"]) != ("EC", "P-256"):
        raise ValueError("its kty and crv are EC and P-256, for ES256")
    key = {name: str(value) for name, value in jwk.items()}
    if not _signs(key):
        raise ValueError("its x, y and d are one P-256 key pair in base64url: write a new key")
    return key


def _signs(jwk: Mapping[str, str]) -> bool:
    """Try the key as the issuer will use it: x and y may be no point of the curve, or d another point's secret."""
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    try:
        key = ECKey.import_key(dict(jwk))
        signed = jws.serialize_compact({"alg": "ES256"}, b"{}", key, algorithms=["ES256"])
        return jws.deserialize_compact(signed, key, algorithms=["ES256"]).payload == b"{}"
    except (JoseError, ValueError):  # neither is passed on: their texts are not ours, and may quote the key
        return False


def _key_bytes(text: str) -> bytes:
    try:
        key = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is base64url with padding") from None
    if len(key) < MINIMUM_KEY_BYTES:
        raise ValueError(f"it is {len(key)} bytes long, at least {MINIMUM_KEY_BYTES} are needed")
    return key


def _users(text: str) -> tuple[User, ...]:
    try:
        users = tuple(User(**entry) for entry in _json(text, list))
    except TypeError:
        raise ValueError("each user has username, subject, password_hash and, at will, disabled") from None
    for number, user in enumerate(users, 1):
        if fault := _user_fault(**vars(user)):
            raise ValueError(f"user {number}: {fault}")
    for name in ("username", "subject"):
        if len({getattr(user, name) for user in users}) < len(users):
            raise ValueError(f"two users have the same {name}")
    return users


def _user_fault(username: object, subject: object, password_hash: object, disabled: object) -> str:
    """Return what is wrong with what was written of a user, "" if nothing is; no value of it is told."""
    if not all(isinstance(text, str) and text for text in (username, subject, password_hash)):
        return "its username, subject and password_hash are texts with something in them"
    if not isinstance(disabled, bool):
        return "disabled is true or false"
    return "" if _is_scrypt(str(password_hash)) else 'its password_hash is "scrypt$n$r$p$salt$key"'


def _is_scrypt(hashed: str) -> bool:
    """Say whether a password can be compared with it (RFC 7914 §2), in bounds of time and memory."""
    found = _SCRYPT.fullmatch(hashed)
    if found is None:
        return False
    n, r, p = (int(found[name]) for name in ("n", "r", "p"))
    try:
        salt, key = (base64.b64decode(found[name], validate=True) for name in ("salt", "key"))
    except binascii.Error:
        return False
    bearable = n >= 2 and n & (n - 1) == 0 and r > 0 and n * r <= 2**22 and 0 < p <= 16  # up to 512 MB
    return bearable and bool(salt) and len(key) == SCRYPT_KEY_BYTES


def _json(text: str, kind: type[T]) -> T:
    try:
        value = read_json(text)
    except ValueError:
        raise ValueError("it is JSON") from None  # the cause would quote the secret
    if not isinstance(value, kind):
        raise ValueError(f"it is a JSON {'object' if kind is dict else 'list'}")
    return value
