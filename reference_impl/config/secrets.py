"""The stage's secrets, from whichever source its configuration names, and from no other stage's copy of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING

from reference_impl.aws import AwsAccess, ssm_client
from reference_impl.config import variables
from reference_impl.config.origins import Origins
from reference_impl.config.sst_secrets import SecretState, SecretStateError
from reference_impl.secret_parameters import SECRETS, StageSecrets, decode_secrets, parameter_name, read_secrets

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

SsmFactory = Callable[[Mapping[str, str]], "SSMClient"]
SecretsLoader = Callable[
    [Mapping[str, str], str, str, list[str], Origins, SsmFactory], StageSecrets | None
]  # as `load_secrets` is called
STATE_NAMES = {name: "Auth" + "".join(part.title() for part in name.split("-")) for name in SECRETS}


def load_secrets(
    environ: Mapping[str, str], app: str, stage: str, faults: list[str], origins: Origins, ssm: SsmFactory = ssm_client
) -> StageSecrets | None:
    """Read and decode the stage's secrets; None, with a sentence in ``faults`` for each, if any is not usable."""
    source = variables.SECRETS.read(environ)
    if source == "sst":
        return _from_state(environ, app, stage, faults, origins)
    if source != "ssm":
        allowed = " or ".join(variables.SECRETS.choices)
        faults.append(f'{variables.SECRETS.name} is "{source}": it is {allowed}')
        return None
    with closing(ssm(environ)) as client:
        texts: dict[str, str] = {}
        found = read_secrets(client, app, stage, faults, texts)
    for secret, text in texts.items():
        origins.note(secret, f"SSM parameter {parameter_name(app, stage, secret)}", text, secret=True)
    return found


def _from_state(
    environ: Mapping[str, str], app: str, stage: str, faults: list[str], origins: Origins
) -> StageSecrets | None:
    state = SecretState(AwsAccess.of_environment(environ).clients(), app, stage)
    place = f"SST's secret state {state.key}"
    try:
        held = state.read()
    except SecretStateError as error:
        faults.append(f"{place} cannot be used: {error}")
        return None
    texts = {secret: held[name] for secret, name in STATE_NAMES.items() if name in held}
    for secret, text in texts.items():
        origins.note(secret, f"{place}, {STATE_NAMES[secret]}", text, secret=True)
    told = {secret: f'secret "{secret}" ({STATE_NAMES[secret]} in {place})' for secret in SECRETS}
    mend = f"sst secret set NAME --stage {stage}; _fallback does not count, every stage shares it"
    return decode_secrets(texts, told, mend, faults)
