"""A bus whose answers are scripted: a real EventBridge client of boto3 that never reaches a network."""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from harness.observations import PublishCall

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

__all__ = ["CallRefused", "Row", "ScriptedBus", "TooManyCalls", "digest_of", "offline_client"]

HOOK = "before-send.events.PutEvents"

NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing is ever sent there


class TooManyCalls(Exception):
    """A publisher went on and on; the script's bound ended it."""


@dataclass(frozen=True)
class CallRefused:
    """In the place of a row: the call is refused with this code, and none of its entries is looked at."""

    code: str

    @property
    def status(self) -> int:
        """As EventBridge answers (PutEvents, common errors): 500 where the fault is its own, else 400."""
        return 500 if self.code.startswith("Internal") else 400


Row = Sequence[str] | CallRefused


def offline_client() -> EventBridgeClient:
    """A client to be answered by a ScriptedBus. It repeats no call by itself: who publishes is asked, not boto3."""
    session = boto3.Session("scripted", "scripted", region_name="eu-west-1")
    return session.client("events", endpoint_url=NOWHERE, config=Config(retries={"total_max_attempts": 1}))


class ScriptedBus:
    """Answers each PutEvents call with HTTP 200 and, entry by entry, the codes of a row ("" is success); or refuses it.

    The last row repeats; entries beyond a row are accepted. `id_of` tells an event's id from its detail; `calls` is the
    transcript; `taken` is what was accepted: id, and SHA-256 of the detail. After `most` calls it is `exhausted`, and
    `put_events` raises TooManyCalls.
    """

    def __init__(self, rows: Sequence[Row], id_of: Callable[[Any], str], most: int = 40) -> None:
        self.calls: list[PublishCall] = []
        self.taken: list[tuple[str, str]] = []
        self.exhausted = False
        self._rows, self._id_of, self._most = rows, id_of, most

    @contextmanager
    def answering(self, client: EventBridgeClient) -> Iterator[None]:
        """While it lasts, the client's calls are answered from the script."""
        hooks = client.meta.events
        hooks.register(HOOK, self._answer)
        try:
            yield
        finally:
            hooks.unregister(HOOK, self._answer)

    # `Any`: a hook of botocore, whose own types leave open what it is called with and returns.
    def _answer(self, request: Any, **_: Any) -> Any:
        if len(self.calls) >= self._most:
            self.exhausted = True
            raise TooManyCalls(f"{self._most} calls and no end")
        entries = json.loads(request.body)["Entries"]
        row = self._rows[min(len(self.calls), len(self._rows) - 1)]
        ids = tuple(self._id_of(json.loads(entry["Detail"])) for entry in entries)
        if isinstance(row, CallRefused):
            self.calls.append(PublishCall(ids, (row.code,) * len(ids), whole=True))
            return _answered(request, row.status, {"__type": row.code, "message": "scripted"})
        answers = (*row, *[""] * len(entries))[: len(entries)]
        self.calls.append(PublishCall(ids, answers))
        sent = zip(ids, entries, answers, strict=True)
        self.taken += [(id, digest_of(entry["Detail"])) for id, entry, code in sent if not code]
        failed = sum(bool(code) for code in answers)
        results = [_result(code) for code in answers]
        return _answered(request, 200, {"FailedEntryCount": failed, "Entries": results})


def digest_of(detail: str) -> str:
    """SHA-256 of an event's detail as it goes onto the bus, in hexadecimal."""
    return hashlib.sha256(detail.encode()).hexdigest()


def _answered(request: Any, status: int, answer: Mapping[str, Any]) -> AWSResponse:
    headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.1"})
    return AWSResponse(request.url, status, headers, _Body(json.dumps(answer).encode()))


def _result(code: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": "scripted"} if code else {"EventId": str(uuid.uuid4())}


class _Body(io.BytesIO):
    """A body as botocore reads one."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
