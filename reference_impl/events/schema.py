"""An auth event and its wire form on the SST bus.

A closed set of types and reasons: whatever is not listed in fields.py cannot be published. No field holds a token, a
code, an e-mail address, a name, an address of the network or free text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from reference_impl.events.fields import FIELDS, LONGEST, OUTCOMES, REASONS, VERSION, EventType, Reason, cut

__all__ = ["VERSION", "AuthEvent", "EventType", "Properties", "Reason", "detail_of", "rfc3339"]

Properties = Mapping[str, str | int]


@dataclass(frozen=True)
class AuthEvent:
    """One event. ``occurred_at``: seconds since the epoch. ``count``: how many occurrences it stands for.

    ``dedup_key`` never leaves the issuer: of two events with the same key only the first is published.
    """

    type: EventType
    event_id: str
    occurred_at: float
    stage: str
    issuer: str
    client_id: str
    reason: Reason
    subject: str | None = None
    session_ref: str | None = None
    correlation_id: str | None = None
    count: int | None = None
    dedup_key: str | None = None

    def __post_init__(self) -> None:
        """Refuse what the schema does not have. Raises ValueError."""
        if self.type not in REASONS:
            raise ValueError(f"no event type {self.type!r}; there are {', '.join(REASONS)}")
        if self.reason not in REASONS[self.type]:
            raise ValueError(f"{self.type} has no reason {self.reason!r}")

    def properties(self, seq: int | None, recorded_at: float) -> Properties:
        """Return the properties that consumers see, in the schema's order; what does not apply is absent.

        A text that is too long is cut, and ``truncated`` says so: no event is ever too large for the bus.
        """
        values: dict[str, str | int | None] = {
            "event_id": self.event_id,
            "type": self.type,
            "version": VERSION,
            "occurred_at": rfc3339(self.occurred_at),
            "recorded_at": rfc3339(recorded_at),
            "stage": self.stage,
            "issuer": self.issuer,
            "client_id": self.client_id,
            "subject": self.subject,
            "session_ref": self.session_ref,
            "correlation_id": self.correlation_id,
            "seq": seq if self.session_ref is not None else None,
            "outcome": OUTCOMES[self.type],
            "reason": self.reason,
            "count": self.count,
        }
        given = {name: value for name, value in values.items() if value is not None}
        fitting = {
            name: cut(value, _longest(name)) if isinstance(value, str) else value for name, value in given.items()
        }
        return fitting if fitting == given else {**fitting, "truncated": True}


def detail_of(properties: Properties, metadata: Mapping[str, str]) -> str:
    """Return the Detail as SST writes it: compact JSON, metadata first, raw UTF-8."""
    detail = {"metadata": dict(metadata), "properties": dict(properties)}
    return json.dumps(detail, separators=(",", ":"), ensure_ascii=False)


def rfc3339(seconds: float) -> str:
    """Return a time in UTC with milliseconds, ending in Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _longest(name: str) -> int:
    return FIELDS[name].longest if name in FIELDS else LONGEST
