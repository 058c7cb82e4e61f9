"""Publishes batches to EventBridge in SST's wire form, and believes no answer that it has not read.

A 200 answer of PutEvents may hold failed entries: ``FailedEntryCount`` and the result of each entry are looked at,
only failed entries are sent again, unchanged, with backoff, and those that fail too often or for good become dead
letters with an alarm. A bus that cannot be reached loses nothing: its messages stay deferred in the outbox.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from reference_impl.events.outbox import DeadLetter, Message

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

MAX_BATCH = 10  # entries a call: AWS EventBridge PutEvents
MAX_BYTES = 256 * 1024  # of an entry, and of all entries of a call: the limit that holds in every region
TOO_LARGE = "EntryTooLarge"  # the code of what is not even sent
RETRYABLE = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "InternalFailure",
        "InternalException",
        "ServiceUnavailable",
        "RequestTimeout",
    }
)
ABOUT_ENTRIES = frozenset({"ValidationException", "InvalidArgument", "RequestEntityTooLarge"})
"""Codes of a refused call that blame an entry. Any other blames the caller or the bus: for that no event is lost."""

_log = logging.getLogger(__name__)


class PutEventsClient(Protocol):
    """What is needed of boto3's client for EventBridge."""

    # `Any` in the answer: the client is boto3's, or a stub of somebody's.
    def put_events(self, *, Entries: Sequence[PutEventsRequestEntryTypeDef]) -> Any:  # noqa: N803  # AWS's name
        """Send entries; the answer has FailedEntryCount and, in the entries' order, Entries."""


@dataclass(frozen=True)
class PublishReport:
    """What became of a batch. ``deferred``: not accepted yet, to be sent again later."""

    published: tuple[str, ...] = ()
    dead: tuple[DeadLetter, ...] = ()
    deferred: tuple[str, ...] = ()

    def __add__(self, other: PublishReport) -> PublishReport:
        return PublishReport(self.published + other.published, self.dead + other.dead, self.deferred + other.deferred)


class _NotTaken(Exception):
    """The whole call failed, and with it no entry was decided. ``blames``: ``entry``, ``caller`` or, for the time
    being, ``bus``."""

    def __init__(self, code: str, blames: Literal["entry", "caller", "bus"] = "bus") -> None:
        self.code, self.blames = code, blames
        super().__init__(code)


def log_alarm(letter: DeadLetter) -> None:
    """Raise the alarm in the log: the event's id and the bus's code, and nothing of its content."""
    _log.error("event %s is a dead letter after %d attempts: %s", letter.message.event_id, letter.attempts, letter.code)


@dataclass(frozen=True)
class Publisher:
    """Publishes to one bus. ``source`` is ``<app>.<stage>``, as SST has it.

    ``attempts``: calls at most for one entry. ``backoff``: seconds before the second, doubled before each further one.
    ``max_bytes``: of an entry and of a call. An event of ours is never as large (schema.py); another is a dead letter.
    ``sleep`` returns true where it was cut short, because the process stops: what is left is deferred then.
    """

    client: PutEventsClient
    bus: str
    source: str
    attempts: int = 5
    backoff: float = 0.1
    sleep: Callable[[float], object] = time.sleep
    alarm: Callable[[DeadLetter], None] = log_alarm
    max_bytes: int = MAX_BYTES

    def publish(self, batch: Sequence[Message]) -> PublishReport:
        """Send the messages, in calls within the limits; return what became of each. Raises nothing of the bus's."""
        fitting = [message for message in batch if self.size(message) <= self.max_bytes]
        report = self._bury([(message, TOO_LARGE) for message in batch if message not in fitting], 0)
        for call in self._calls(fitting):
            report += self._publish(call)
        return report

    def size(self, message: Message) -> int:
        """Return the bytes of an entry as EventBridge counts them: of its source, its detail-type and its detail."""
        return sum(len(text.encode("utf-8")) for text in (self.source, message.type, message.detail))

    def _calls(self, messages: Sequence[Message]) -> Iterator[tuple[Message, ...]]:
        """Divide messages among calls of at most `MAX_BATCH` entries and ``max_bytes`` bytes, in their order."""
        call: list[Message] = []
        size = 0
        for message in messages:
            if call and (len(call) == MAX_BATCH or size + self.size(message) > self.max_bytes):
                yield tuple(call)
                call, size = [], 0
            call.append(message)
            size += self.size(message)
        if call:
            yield tuple(call)

    def entry(self, message: Message) -> PutEventsRequestEntryTypeDef:
        """Return the entry of a message, its members in SST's order."""
        return {
            "Source": self.source,
            "DetailType": message.type,
            "Detail": message.detail,
            "EventBusName": self.bus,
        }

    def _publish(self, messages: tuple[Message, ...]) -> PublishReport:
        report, left = PublishReport(), messages
        for attempt in range(1, self.attempts + 1):
            try:
                codes = self._send(left)
            except _NotTaken as refusal:
                return report + self._not_taken(left, refusal, attempt)
            report += PublishReport(published=tuple(m.event_id for m, code in codes if code is None))
            failed = [(m, code) for m, code in codes if code is not None]
            final = [(m, code) for m, code in failed if code not in RETRYABLE or attempt == self.attempts]
            report += self._bury(final, attempt)
            left = tuple(m for m, code in failed if (m, code) not in final)
            if not left:
                break
            if self.sleep(self.backoff * 2 ** (attempt - 1)):
                return report + PublishReport(deferred=tuple(m.event_id for m in left))
        return report

    def _send(self, messages: tuple[Message, ...]) -> list[tuple[Message, str | None]]:
        """Call the bus once; return each message with the code of its error, None where the bus accepted it."""
        try:
            answer = self.client.put_events(Entries=[self.entry(message) for message in messages])
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "Unknown"))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            passing = code in RETRYABLE or status >= 500 or status == 429
            raise _NotTaken(code, "bus" if passing else "entry" if code in ABOUT_ENTRIES else "caller") from error
        except (BotoCoreError, OSError) as error:
            raise _NotTaken(type(error).__name__) from error
        results = list(answer.get("Entries") or ())
        if len(results) != len(messages):  # boto3 takes an answer that was cut off for one without entries, or of None
            raise _NotTaken("TruncatedAnswer")
        codes = [(message, _code(result)) for message, result in zip(messages, results, strict=True)]
        if (answer.get("FailedEntryCount") or 0) > sum(code is not None for _, code in codes):
            raise _NotTaken("FailedEntryCount")  # more failed than the results own up to: send all again
        return codes

    def _not_taken(self, left: tuple[Message, ...], refusal: _NotTaken, attempt: int) -> PublishReport:
        """Keep the messages for later; if the bus refuses the call for one of them, find out which it means."""
        if refusal.blames == "caller":
            _log.error("the bus refuses the publisher (%s): %d events wait until it is let in", refusal.code, len(left))
        if refusal.blames != "entry":
            return PublishReport(deferred=tuple(message.event_id for message in left))
        if len(left) == 1:
            return self._bury([(left[0], refusal.code)], attempt)
        report = PublishReport()
        for message in left:
            report += self._publish((message,))
        return report

    def _bury(self, failed: Sequence[tuple[Message, str]], attempt: int) -> PublishReport:
        letters = tuple(DeadLetter(message, code, attempt) for message, code in failed)
        for letter in letters:
            self.alarm(letter)
        return PublishReport(dead=letters)


def _code(result: Mapping[str, str]) -> str | None:
    """Return the error code of an entry's result; an entry was accepted if it has an id and no error."""
    if result.get("EventId") and not result.get("ErrorCode"):
        return None
    return result.get("ErrorCode") or "InternalFailure"
