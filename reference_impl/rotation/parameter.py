"""The generations of a stage's secrets as one SecureString, ``/<app>/<stage>/auth/generations``: absent until the
first rotation. Until then each secret has one generation without an end, the value of its own parameter.

It is a JSON object: secret → list of `name`, `value` (as the secret's own parameter holds it), `used_from`, `ends_at`.
Beside it, in the same form, `event-keys`: the public halves of signing keys, see event_keys.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from reference_impl.rotation.generations import Generation, Generations
from reference_impl.secret_parameters import parameter_name

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

NAME = "generations"
EVENT_KEYS = "event-keys"
MOST_BYTES = 4096  # of a standard parameter
MOST_BYTES_OF_EVENT_KEYS = 8192  # of an advanced one: some 35 keys, a standard one holds 17


def read_generations(ssm: SSMClient, app: str, stage: str) -> Mapping[str, Generations]:
    """Return the generations by secret; empty before the first rotation. Raises botocore's errors and ValueError."""
    return _read(ssm, parameter_name(app, stage, NAME), NAME)


def read_event_keys(ssm: SSMClient, app: str, stage: str) -> Mapping[str, Generations]:
    """Return the remembered keys as `EVENT_KEYS`; empty before the first rotation. Raises as `read_generations`."""
    return _read(ssm, parameter_name(app, stage, EVENT_KEYS), EVENT_KEYS)


def write_generations(ssm: SSMClient, app: str, stage: str, generations: Mapping[str, Generations]) -> None:
    """Replace the parameter. Raises ValueError where it would be larger than Parameter Store takes."""
    text = encode(generations)
    if (size := len(text.encode())) > MOST_BYTES:
        raise ValueError(f"{size} bytes of generations, {MOST_BYTES} fit: wait until an old one has ended")
    ssm.put_parameter(Name=parameter_name(app, stage, NAME), Value=text, Type="SecureString", Overwrite=True)


def write_event_keys(ssm: SSMClient, app: str, stage: str, keys: Generations) -> None:
    """Replace the remembered keys. Raises ValueError where they would be more than Parameter Store takes."""
    text = encode({EVENT_KEYS: keys})
    if (size := len(text.encode())) > MOST_BYTES_OF_EVENT_KEYS:
        raise ValueError(f"{size} bytes of event keys, {MOST_BYTES_OF_EVENT_KEYS} fit: rotate every three days at most")
    name = parameter_name(app, stage, EVENT_KEYS)
    ssm.put_parameter(Name=name, Value=text, Type="SecureString", Overwrite=True, Tier="Intelligent-Tiering")


def forget_generations(ssm: SSMClient, app: str, stage: str) -> None:
    """Remove both parameters, because the stage's secrets are made afresh; without effect where they are absent."""
    for name in (NAME, EVENT_KEYS):
        with suppress(ssm.exceptions.ParameterNotFound):
            ssm.delete_parameter(Name=parameter_name(app, stage, name))


def write_newest(ssm: SSMClient, app: str, stage: str, secret: str, value: str) -> None:
    """Write the secret's own parameter too, so that a withdrawn value stands nowhere any more."""
    ssm.put_parameter(Name=parameter_name(app, stage, secret), Value=value, Type="SecureString", Overwrite=True)


def _read(ssm: SSMClient, parameter: str, name: str) -> Mapping[str, Generations]:
    try:
        answer = ssm.get_parameter(Name=parameter, WithDecryption=True)
    except ssm.exceptions.ParameterNotFound:
        return {}
    return decode(answer["Parameter"]["Value"], name)


def encode(generations: Mapping[str, Generations]) -> str:
    """Return the parameter's text."""
    return json.dumps({secret: [asdict(each) for each in kept] for secret, kept in generations.items()})


def decode(text: str, name: str = NAME) -> dict[str, Generations]:
    """Return what `encode` wrote. Raises ValueError with the parameter's name, without quoting the text."""
    try:
        return {
            secret: Generations(tuple(Generation(**each) for each in kept)) for secret, kept in json.loads(text).items()
        }
    except (ValueError, TypeError, AttributeError):
        raise ValueError(f"SSM parameter {name} is not usable: it is what `rotate` writes") from None
