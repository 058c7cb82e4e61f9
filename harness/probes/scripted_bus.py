"""A bus whose answers are scripted: a real EventBridge client of boto3 that never reaches a network."""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from harness.observations import PublishCall

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

__all__ = ["ScriptedBus", "TooManyCalls", "digest_of", "offline_client"]

HOOK = "before-send.events.PutEvents"

NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing is ever sent there


class TooManyCalls(Exception):
    """A publisher went on and on; the script's bound ended it."""


def offline_client() -> EventBridgeClient:
    """A client to be answered by a ScriptedBus."""
    session = boto3.Session("scripted", "scripted", region_name="eu-west-1")
    return session.client("events", endpoint_url=NOWHERE)


class ScriptedBus:
    """Answers each PutEvents call with HTTP 200 and, entry by entry, the codes of a row ("" is success).

    The last row repeats; entries beyond a row are accepted. `id_of` tells an event's id from its detail; `calls` is the
    transcript; `taken` is what was accepted: id, and SHA-256 of the detail. After `most` calls it is `exhausted`, and
    `put_events` raises TooManyCalls.
    """

    def __init__(self, rows: Sequence[Sequence[str]], id_of: Callable[[Any], str], most: int = 40) -> None:
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
        answers = (*row, *[""] * len(entries))[: len(entries)]
        ids = tuple(self._id_of(json.loads(entry["Detail"])) for entry in entries)
        self.calls.append(PublishCall(ids, answers))
        sent = zip(ids, entries, answers, strict=True)
        self.taken += [(id, digest_of(entry["Detail"])) for id, entry, code in sent if not code]
        failed = sum(bool(code) for code in answers)
        body = json.dumps({"FailedEntryCount": failed, "Entries": [_result(code) for code in answers]}).encode()
        headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.1"})
        return AWSResponse(request.url, 200, headers, _Body(body))


def digest_of(detail: str) -> str:
    """SHA-256 of an event's detail as it goes onto the bus, in hexadecimal."""
    return hashlib.sha256(detail.encode()).hexdigest()


def _result(code: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": "scripted"} if code else {"EventId": str(uuid.uuid4())}


class _Body(io.BytesIO):
    """A body as botocore reads one."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
