"""What a deployment by SST does for one stage: secrets into Parameter Store, a bus, resources into the environment."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reference_impl.aws import AwsAccess, AwsClients
from reference_impl.issuer.identity import hash_password
from reference_impl.rotation.operation import new_signing_jwk
from reference_impl.rotation.parameter import forget_generations
from reference_impl.secret_parameters import StageSecrets, User, write_secrets

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

DEFAULT_APP = "authassay"
DEFAULT_USERS = ("alice", "bob", "carol")


@dataclass(frozen=True)
class StageUrls:
    """Where a stage is reached: origins, without a slash at the end."""

    issuer: str
    api: str
    web: str

    @classmethod
    def on_loopback(cls, stage: str, port: int) -> StageUrls:
        """Return the hosts of a stage on one port of the loopback address."""
        return cls(*(f"https://{name}.{stage}.localhost:{port}" for name in ("auth", "api", "app")))


@dataclass(frozen=True)
class Provisioned:
    """A stage ready to start. ``environ``: its whole configuration. ``passwords``: by user name, made for this run."""

    environ: Mapping[str, str] = field(repr=False)
    passwords: Mapping[str, str] = field(repr=False)


def audience_of(app: str, stage: str) -> str:
    """Return the API's identifier: one is a prefix of the others, so only equality tells them apart."""
    return f"{app}-api" if stage == "prod" else f"{app}-api-{stage}"


def provision(
    stage: str,
    urls: StageUrls,
    database: Path,
    aws: AwsAccess,
    *,
    app: str = DEFAULT_APP,
    users: Iterable[str] = DEFAULT_USERS,
    ca_file: Path | None = None,
    lifetimes: Mapping[str, int] | None = None,
    scrypt_cost: int = 2**14,
    clients: AwsClients | None = None,
) -> Provisioned:
    """Make a stage's secrets afresh, store them, make its bus; return what the stage is to be started with.

    ``lifetimes``: seconds by name, where they differ from `Lifetimes`. ``scrypt_cost``: lower it where logins are many
    and passwords are worth nothing.
    """
    passwords = {name: secrets.token_urlsafe(18) for name in users}
    clients = clients or aws.clients()
    with closing(clients.ssm()) as ssm:
        write_secrets(ssm, app, stage, make_secrets(stage, passwords, scrypt_cost))
        forget_generations(ssm, app, stage)
    bus = f"{app}-{stage}-bus"
    with closing(clients.events(attempts=3)) as events:
        make_bus(events, bus)
    resources: dict[str, object] = {
        "App": {"name": app, "stage": stage},
        "Issuer": {"url": urls.issuer, **({"lifetimes": dict(lifetimes)} if lifetimes else {})},
        "Api": {"url": urls.api, "audience": audience_of(app, stage)},
        "Web": {"url": urls.web},
        "Bus": {"name": bus},
    }
    environ = {f"SST_RESOURCE_{name}": json.dumps(resource) for name, resource in resources.items()}
    environ |= {"AUTH_STAGE": stage, "AUTH_DATABASE": str(database), **aws.environment()}
    if ca_file is not None:
        environ["AUTH_TLS_CA"] = str(ca_file)
    return Provisioned(environ, passwords)


def make_secrets(stage: str, passwords: Mapping[str, str], scrypt_cost: int) -> StageSecrets:
    """Return secrets that no other stage has; the users' subjects at their provider are the same in every stage."""
    users = tuple(
        User(name, f"upstream|{name}", hash_password(password, scrypt_cost)) for name, password in passwords.items()
    )
    return StageSecrets(new_signing_jwk(stage), secrets.token_bytes(32), secrets.token_bytes(32), users)


def make_bus(events: EventBridgeClient, name: str) -> None:
    """Make the event bus unless it is there."""
    from botocore.exceptions import ClientError

    try:
        events.create_event_bus(Name=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise
