"""A bus that the harness plays to a real client of EventBridge: it takes entries, loses answers and enforces limits.

Nothing reaches a network: botocore's own hook is answered before anything is sent.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from harness.probes.scripted_bus import HOOK

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

__all__ = ["PlayedBus", "answer_of"]

NO_CHARACTER = "\N{REPLACEMENT CHARACTER}"


class PlayedBus:
    """`taken` are the entries that it took, in their order. With `loses_answers` every second call is taken and never
    answered. A call over `most_entries` or `most_bytes` is refused as a whole, as EventBridge does."""

    def __init__(self, most_entries: int = 10, most_bytes: int = 262_144, loses_answers: bool = False) -> None:
        self.taken: list[Mapping[str, str]] = []
        self.calls: list[tuple[int, int]] = []  # entries and bytes
        self.refused = self.broken = 0
        self._most_entries, self._most_bytes, self._loses = most_entries, most_bytes, loses_answers

    @contextmanager
    def answering(self, client: EventBridgeClient) -> Iterator[None]:
        """While it lasts, this is where the client's calls go."""
        client.meta.events.register(HOOK, self._answer)
        try:
            yield
        finally:
            client.meta.events.unregister(HOOK, self._answer)

    # `Any`: a hook of botocore, whose own types leave open what it is called with and returns.
    def _answer(self, request: Any, **_: Any) -> Any:
        entries = self._read(request.body)
        size = sum(_size(entry) for entry in entries)
        self.calls.append((len(entries), size))
        if len(entries) > self._most_entries or size > self._most_bytes:
            self.refused += 1
            told = {
                "__type": "ValidationException",
                "message": "Total size of the entries in the request is over the limit.",
            }
            return answer_of(request.url, 400, told)
        self.taken += entries
        if self._loses and len(self.calls) % 2:
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer_of(
            request.url, 200, {"FailedEntryCount": 0, "Entries": [{"EventId": str(uuid.uuid4())} for _ in entries]}
        )

    def _read(self, body: bytes | str) -> list[Mapping[str, str]]:
        text = body if isinstance(body, str) else body.decode("utf-8", "replace")
        entries: list[Mapping[str, str]] = json.loads(text)["Entries"]
        self.broken += sum(_is_broken(entry["Detail"]) for entry in entries)
        return entries


def _is_broken(detail: str) -> bool:
    """Whether a character was cut in two, or what is there is no JSON any more."""
    try:
        json.loads(detail)
        detail.encode("utf-8")
    except ValueError:
        return True
    return NO_CHARACTER in detail


def _size(entry: Mapping[str, str]) -> int:
    """As EventBridge counts: the bytes of source, detail-type and detail in UTF-8."""
    return sum(len(entry.get(name, "").encode("utf-8", "replace")) for name in ("Source", "DetailType", "Detail"))


def answer_of(url: str, status: int, told: Mapping[str, Any]) -> AWSResponse:
    """An answer of AWS, as botocore reads one."""
    headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.1"})
    return AWSResponse(url, status, headers, _Body(json.dumps(told).encode()))


class _Body(io.BytesIO):
    """A body as botocore reads one."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
