"""Transactions over one DynamoDB table, as an SST Auth component makes it: ``pk``, ``sk``, ``value``, ``expiry`` (TTL).

A transaction reads what it needs with strong consistency, keeps what it writes to itself, and commits by one
TransactWriteItems, in which every item that it read or wrote is compared with the version that it saw. So whatever
another transaction changed meanwhile cancels it, and the work is done again from the start.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from reference_impl.database import StorageError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")
Key = tuple[str, str]
Value = dict[str, Any]  # what an item holds, as JSON

RECORD = "record"  # the sort key of an item that stands alone
MOST_ITEMS = 100  # of one TransactWriteItems
MOST_TRIES = 60
LONGEST_PAUSE = 0.25  # seconds between two tries; the pauses are random, so that rivals part
_CANCELLED = {"TransactionCanceledException", "TransactionConflictException", "TransactionInProgressException"}


class Conflict(Exception):
    """Another transaction changed what this one saw."""


def joined(*parts: str) -> str:
    """Return a partition key of several parts, joined as OpenAuth's DynamoStorage does."""
    return "\x1f".join(parts)


@dataclass(frozen=True)
class _Seen:
    """An item as this transaction saw it first; version None: it was not there."""

    version: int | None
    value: Value | None


class Unit:
    """One transaction. Not safe for several threads."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client, self._table = client, table
        self._seen: dict[Key, _Seen] = {}
        self._listed: dict[Key, _Seen] = {}
        self._written: dict[Key, tuple[Value | None, float | None]] = {}

    def get(self, pk: str, sk: str = RECORD) -> Value | None:
        """Return an item's value, as this transaction has left it; None where there is none."""
        if (pk, sk) in self._written:
            return self._written[pk, sk][0]
        return self._look(pk, sk).value

    def put(self, value: Value, expiry: float | None, pk: str, sk: str = RECORD) -> None:
        """Write an item; ``expiry``: seconds since the epoch after which DynamoDB may remove it."""
        self._look(pk, sk)
        self._written[pk, sk] = (value, expiry)

    def add(self, value: Value, expiry: float | None, pk: str, sk: str = RECORD) -> None:
        """Write an item that is not there: the commit fails where it is."""
        self._seen.setdefault((pk, sk), _Seen(None, None))
        self._written[pk, sk] = (value, expiry)

    def delete(self, pk: str, sk: str = RECORD) -> None:
        self._look(pk, sk)
        self._written[pk, sk] = (None, None)

    def query(self, pk: str, prefix: str = "") -> Iterator[tuple[str, Value]]:
        """Yield sort keys and values of a partition in their order, without this transaction's own changes.

        What is only listed is not compared at the commit; what is then got, written or deleted is, as it was listed.
        """
        more: dict[str, Any] = {}
        while True:
            page = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)" if prefix else "pk = :pk",
                ExpressionAttributeValues={":pk": {"S": pk}, **({":prefix": {"S": prefix}} if prefix else {})},
                ConsistentRead=True,
                **more,
            )
            for item in page["Items"]:
                self._listed[pk, item["sk"]["S"]] = _read(item)
                yield item["sk"]["S"], json.loads(item["value"]["S"])
            if "LastEvaluatedKey" not in page:
                return
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def written(self, pk: str) -> set[str]:
        """Return the sort keys of a partition that this transaction has written itself."""
        return {sk for (partition, sk), (value, _) in self._written.items() if partition == pk and value is not None}

    def commit(self) -> None:
        """Write all changes, or none of them. Raises Conflict, StorageError, ClientError."""
        if not self._written:
            return
        actions = [self._action(key) for key in self._seen]
        if len(actions) > MOST_ITEMS:
            raise StorageError(f"a transaction of {len(actions)} items; DynamoDB takes {MOST_ITEMS}")
        try:
            # The token lets botocore send the request again without doing it twice.
            self._client.transact_write_items(TransactItems=actions, ClientRequestToken=str(uuid.uuid4()))
        except ClientError as error:
            if error.response["Error"]["Code"] in _CANCELLED:
                raise Conflict from error
            raise

    def _look(self, pk: str, sk: str) -> _Seen:
        if (pk, sk) not in self._seen and (pk, sk) in self._listed:
            self._seen[pk, sk] = self._listed[pk, sk]
        if (pk, sk) not in self._seen:
            key = {"pk": {"S": pk}, "sk": {"S": sk}}
            found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
            self._seen[pk, sk] = _read(found)
        return self._seen[pk, sk]

    def _action(self, key: Key) -> Any:  # one of TransactWriteItem's forms
        pk, sk = ({"S": part} for part in key)
        version = self._seen[key].version
        condition: dict[str, Any] = {"TableName": self._table, "ConditionExpression": "attribute_not_exists(pk)"}
        if version is not None:
            condition["ConditionExpression"] = "version = :seen"
            condition["ExpressionAttributeValues"] = {":seen": {"N": str(version)}}
        if key not in self._written:
            return {"ConditionCheck": {"Key": {"pk": pk, "sk": sk}, **condition}}
        value, expiry = self._written[key]
        if value is None:
            return {"Delete": {"Key": {"pk": pk, "sk": sk}, **condition}}
        item = {"pk": pk, "sk": sk, "value": {"S": json.dumps(value)}, "version": {"N": str((version or 0) + 1)}}
        return {"Put": {"Item": {**item, **({"expiry": {"N": str(int(expiry))}} if expiry else {})}, **condition}}


def _read(item: Any) -> _Seen:
    return _Seen(int(item["version"]["N"]), json.loads(item["value"]["S"])) if item else _Seen(None, None)


@dataclass(frozen=True)
class DynamoTable:
    """A table, by its client, which several threads may share."""

    client: DynamoDBClient
    name: str

    def change(self, work: Callable[[Unit], T]) -> T:
        """Do the work and commit it; again from the start while others get in its way. Raises StorageError."""
        for tries in range(MOST_TRIES):
            try:
                unit = Unit(self.client, self.name)
                result = work(unit)
                unit.commit()
            except Conflict:
                time.sleep(random.uniform(0, min(LONGEST_PAUSE, 0.004 * 2**tries)))
            except (BotoCoreError, ClientError) as error:
                raise StorageError(f"the table {self.name} failed: {type(error).__name__}") from error
            else:
                return result
        raise StorageError(f"the table {self.name} is too busy: {MOST_TRIES} transactions were cancelled")

    def read(self, work: Callable[[Unit], T]) -> T:
        """Do work that writes nothing. Raises StorageError."""
        try:
            return work(Unit(self.client, self.name))
        except (BotoCoreError, ClientError) as error:
            raise StorageError(f"the table {self.name} failed: {type(error).__name__}") from error


def create_table(client: DynamoDBClient, name: str) -> None:
    """Make a table with SST's layout: keys ``pk`` and ``sk``, time to live by ``expiry``."""
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=name)
    client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiry"})
