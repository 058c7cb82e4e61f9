"""A table for tests, in moto."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto import mock_aws

from reference_impl.issuer.dynamo_table import DynamoTable, create_table

TABLE = "issuer-state"
NAMES = {"aws_access_key_id": "reference", "aws_secret_access_key": "reference", "region_name": "eu-central-1"}


class OneAtATime:
    """A client whose calls wait for each other: moto copies its tables for a transaction, and keeps no other call out,
    as DynamoDB does."""

    def __init__(self, real: Any) -> None:
        self._real, self._lock = real, threading.RLock()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                return found(*arguments, **named)

        return call


@contextmanager
def dynamo_table() -> Iterator[DynamoTable]:
    """A fresh table, which nothing outside this process sees."""
    with mock_aws():
        client: Any = OneAtATime(boto3.client("dynamodb", **NAMES))  # type: ignore[call-overload]  # by keywords
        create_table(client, TABLE)
        yield DynamoTable(client, TABLE)
