"""The auth events, version 1, and their wire form on the SST bus.

A closed set of types and reasons: whatever is not listed here cannot be published. No field holds a token, a code, an
e-mail address, a name or free text; ``subject`` is the stage's own pseudonym.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

VERSION = 1


class EventType(StrEnum):
    """The types, as EventBridge's detail-type."""

    LOGIN = "auth.login"
    LOGOUT = "auth.logout"
    REFRESH_FAILED = "auth.refresh_failed"


class Reason(StrEnum):
    """Why a session ended or a refresh failed for good."""

    USER = "user"  # the client gave its token back
    REVOKED = "revoked"  # the issuer ended the session
    EXPIRED = "expired"
    REUSE_DETECTED = "reuse_detected"
    CLIENT_MISMATCH = "client_mismatch"
    MALFORMED = "malformed"
    ACCOUNT_DISABLED = "account_disabled"


REASONS: dict[EventType, frozenset[Reason | None]] = {
    EventType.LOGIN: frozenset({None}),
    EventType.LOGOUT: frozenset({Reason.USER, Reason.REVOKED}),
    EventType.REFRESH_FAILED: frozenset(set(Reason) - {Reason.USER}),
}


@dataclass(frozen=True)
class AuthEvent:
    """One event. ``occurred_at`` in seconds since the epoch; ``count``: how many occurrences it stands for.

    ``dedup_key`` never leaves the issuer: of two events with the same key only the first is published.
    """

    type: EventType
    event_id: str
    occurred_at: float
    stage: str
    client_id: str
    correlation_id: str | None = None
    session_id: str | None = None
    subject: str | None = None
    reason: Reason | None = None
    count: int | None = None
    dedup_key: str | None = None

    def __post_init__(self) -> None:
        """Refuse what the schema does not have. Raises ValueError."""
        if self.type not in REASONS:
            raise ValueError(f"no event type {self.type!r}; there are {', '.join(REASONS)}")
        if self.reason not in REASONS[self.type]:
            raise ValueError(f"{self.type} has no reason {self.reason!r}")

    def properties(self) -> dict[str, str | int]:
        """Return the properties that consumers see; what does not apply is absent."""
        values: dict[str, str | int | None] = {
            "event_id": self.event_id,
            "occurred_at": rfc3339(self.occurred_at),
            "session_id": self.session_id,
            "correlation_id": self.correlation_id,
            "subject": self.subject,
            "client_id": self.client_id,
            "stage": self.stage,
            "reason": self.reason,
            "count": self.count,
        }
        return {name: value for name, value in values.items() if value is not None}

    def detail(self) -> str:
        """Return the Detail as SST writes it: compact JSON, metadata first, raw UTF-8."""
        detail = {"metadata": {"version": VERSION}, "properties": self.properties()}
        return json.dumps(detail, separators=(",", ":"), ensure_ascii=False)


def rfc3339(seconds: float) -> str:
    """Return a time in UTC with milliseconds, ending in Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
