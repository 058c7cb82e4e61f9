"""How AWS is reached: endpoint, region and credentials as values; nothing depends on the process environment."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

DEFAULT_REGION = "eu-west-1"


@dataclass(frozen=True)
class AwsAccess:
    """Where and as whom. None for a credential: boto3's own chain of credentials decides.

    ``events_endpoint``: of EventBridge, where it differs from the endpoint of the rest.
    """

    endpoint: str | None = None
    region: str = DEFAULT_REGION
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    events_endpoint: str | None = None

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> AwsAccess:
        """Read the standard variables of the AWS SDKs."""
        from reference_impl.config import variables  # which itself needs this module

        return cls(
            endpoint=variables.ENDPOINT.read(environ) or None,
            region=variables.REGION.read(environ) or variables.DEFAULT_REGION.read(environ),
            access_key_id=variables.ACCESS_KEY_ID.read(environ) or None,
            secret_access_key=variables.SECRET_ACCESS_KEY.read(environ) or None,
            session_token=variables.SESSION_TOKEN.read(environ) or None,
            events_endpoint=variables.EVENTS_ENDPOINT.read(environ) or None,
        )

    def environment(self) -> dict[str, str]:
        """Return the variables that `of_environment` reads."""
        values = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
            "AWS_ENDPOINT_URL_EVENTBRIDGE": self.events_endpoint,
        }
        return {name: value for name, value in values.items() if value is not None}

    def clients(self) -> AwsClients:
        """Return what makes clients with this access."""
        return AwsClients(self)


class AwsClients:
    """Makes boto3 clients from one session, which is slow to make; safe to use from many threads."""

    def __init__(self, access: AwsAccess) -> None:
        import boto3

        self._endpoint = access.endpoint
        self._events_endpoint = access.events_endpoint or access.endpoint
        self._lock = threading.Lock()  # botocore: threads may share a client, but not a session
        self._session = boto3.Session(
            aws_access_key_id=access.access_key_id,
            aws_secret_access_key=access.secret_access_key,
            aws_session_token=access.session_token,
            region_name=access.region,
        )

    def ssm(self) -> SSMClient:
        """Return a client of SSM Parameter Store."""
        with self._lock:
            return self._session.client("ssm", endpoint_url=self._endpoint, config=_config(attempts=3))

    def s3(self) -> S3Client:
        """Return a client of S3. What stands for AWS has one host name, so buckets are in the path there."""
        style: dict[str, Any] = {"s3": {"addressing_style": "path"}} if self._endpoint else {}
        config = _config(attempts=3, **style)
        with self._lock:
            return self._session.client("s3", endpoint_url=self._endpoint, config=config)

    def dynamodb(self) -> DynamoDBClient:
        """Return a client of DynamoDB."""
        with self._lock:
            return self._session.client("dynamodb", endpoint_url=self._endpoint, config=_config(attempts=3))

    def events(self, attempts: int = 1) -> EventBridgeClient:
        """Return a client of EventBridge, without retries of its own: the publisher decides what is sent again."""
        config = _config(attempts=attempts)
        with self._lock:
            return self._session.client("events", endpoint_url=self._events_endpoint, config=config)


def _config(attempts: int, **more: Any) -> Config:
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    return Config(connect_timeout=2, read_timeout=5, retries=retries, **more)


def ssm_client(environ: Mapping[str, str]) -> SSMClient:
    """Return a client of SSM Parameter Store as the environment says."""
    return AwsAccess.of_environment(environ).clients().ssm()
