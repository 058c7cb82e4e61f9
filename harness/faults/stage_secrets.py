"""Faults of a server that lacks one of its secrets."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial

from harness.faults.registry import fault
from reference_impl.config import ConfigurationError, Origins
from reference_impl.config.secrets import SsmFactory, load_secrets
from reference_impl.parts import Part
from reference_impl.secret_parameters import SECRETS, StageSecrets, decode_secrets, parameter_name, read_secrets

Source = Callable[..., object]
Repair = Callable[[SsmFactory, Mapping[str, str], str, str, dict[str, str]], None]


def reading(real: Source, repair: Repair) -> Source:
    """The configuration source, where secrets are as `repair` leaves them; their texts are given by their names."""

    def load(
        environ: Mapping[str, str], app: str, stage: str, faults: list[str], origins: Origins, ssm: SsmFactory
    ) -> StageSecrets | None:
        texts: dict[str, str] = {}
        with closing(ssm(environ)) as client:
            read_secrets(client, app, stage, [], texts)
        repair(ssm, environ, app, stage, texts)
        places = {secret: parameter_name(app, stage, secret) for secret in SECRETS}
        return decode_secrets(texts, places, "write it", faults)

    return partial(real, secrets_of=load)


@fault("F-STAGE-02-a", "STAGE-02.E3", Part.CONFIGURATION_SOURCE)
def a_missing_secret_is_taken_from_production(real: Source) -> Source:
    def from_production(
        ssm: SsmFactory, environ: Mapping[str, str], app: str, stage: str, texts: dict[str, str]
    ) -> None:
        absent = [parameter_name(app, "prod", secret) for secret in SECRETS if secret not in texts]
        with closing(ssm(environ)) as client:
            for name in absent:
                found = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]
                texts[name.rpartition("/")[2]] = found["Value"]

    return reading(real, from_production)


@fault("F-STAGE-02-b", "STAGE-02.E1", Part.CONFIGURATION_SOURCE)
def an_empty_list_of_users_is_accepted(real: Source) -> Source:
    """The server starts, and the first login shows that there are no users."""

    def accept(ssm: SsmFactory, environ: Mapping[str, str], app: str, stage: str, texts: dict[str, str]) -> None:
        if texts.get("users") == "":
            texts["users"] = "[]"

    return reading(real, accept)


@fault("F-STAGE-02-x1", "STAGE-02.E2", Part.STARTUP_REPORT)
def the_report_does_not_say_which_secret(real: Callable[[Exception], str]) -> Callable[[Exception], str]:
    def report(error: Exception) -> str:
        told = real(error)
        return "a secret is missing or empty" if "/auth/" in told else told

    return report


@fault("F-STAGE-02-x2", "STAGE-02.E4", Part.CONFIGURATION_SOURCE)
def a_failed_start_tells_what_it_has(real: Source) -> Source:
    def load(
        environ: Mapping[str, str], app: str, stage: str, faults: list[str], origins: Origins, ssm: SsmFactory
    ) -> StageSecrets | None:
        found = load_secrets(environ, app, stage, faults, origins, ssm)
        if found is None:
            texts: dict[str, str] = {}
            with closing(ssm(environ)) as client:
                read_secrets(client, app, stage, [], texts)
            faults.append(f"there are only {json.dumps(texts)}")
        return found

    return partial(real, secrets_of=load)


@fault("F-STAGE-02-x3", "STAGE-02.E1", Part.CONFIGURATION_SOURCE)
def a_key_that_is_missing_is_made_up(real: Source) -> Source:
    def make_up(ssm: SsmFactory, environ: Mapping[str, str], app: str, stage: str, texts: dict[str, str]) -> None:
        for name in ("refresh-key", "subject-key"):
            texts.setdefault(name, secrets.token_urlsafe(33))

    return reading(real, make_up)


@fault("F-STAGE-02-x4", "STAGE-02.E2", Part.CONFIGURATION_SOURCE)
def every_secret_is_said_to_be_missing(real: Source) -> Source:
    def load(*arguments: object, **options: object) -> object:
        try:
            return real(*arguments, **options)
        except ConfigurationError as error:
            named = [f"secret {name} may be missing" for name in SECRETS] if "/auth/" in str(error) else []
            raise ConfigurationError(*error.faults, *named) from error

    return load
