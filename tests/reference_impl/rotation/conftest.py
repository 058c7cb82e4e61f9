"""Parameter Store by moto, with one stage's secrets in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from moto import mock_aws

from reference_impl.config import Lifetimes
from reference_impl.provision import make_secrets
from reference_impl.rotation import Rotation, RotationPolicy
from reference_impl.secret_parameters import write_secrets

NOT_REAL = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


class Hands:
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def now(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def ssm() -> Iterator[Any]:
    with mock.patch.dict(os.environ, NOT_REAL), mock_aws():
        client = boto3.client("ssm", "eu-west-1")
        write_secrets(client, "shop", "prod", make_secrets("prod", {}, scrypt_cost=2))
        yield client
        client.close()


@pytest.fixture
def rotation(ssm: Any, clock: Hands) -> Rotation:
    return Rotation(ssm, "shop", "prod", RotationPolicy.of(Lifetimes()), clock)
