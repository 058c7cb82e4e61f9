"""The fields of an auth event: what each means, how long it may be, and why whoever reads it may.

One table, from which the JSON Schema is generated (json_schema.py), by which events are validated (validation.py), and
which documents purpose and retention of what is personal (GDPR Art. 5(1)(b), (c) and (e)).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

VERSION = "1.1"  # what is produced
VERSIONS = ("1.0", "1.1")  # what is consumed
LONGEST = 256  # bytes of UTF-8 of any text but those whose pattern says less
CUT = "…"  # ends a text that was cut

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
RFC3339_UTC = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
KEYED = r"[A-Za-z0-9_-]{24}"  # 144 bits of an HMAC, or of chance, in base64url
TEXT = r"[^\x00-\x1f\x7f]+"  # no line can be forged by it


class EventType(StrEnum):
    """The types, as EventBridge's detail-type."""

    LOGIN = "auth.login"
    LOGOUT = "auth.logout"
    REFRESH_FAILED = "auth.refresh_failed"


class Outcome(StrEnum):
    """Whether what was asked for was done."""

    SUCCESS = "success"
    FAILURE = "failure"


class Reason(StrEnum):
    """Why a session began, ended or cannot go on."""

    FIRST_LOGIN = "first_login"  # the login made the account
    KNOWN_ACCOUNT = "known_account"
    USER = "user"  # the user signed out
    STAGE_SWITCH = "stage_switch"  # the client left this stage for another
    ADMIN = "admin"  # an administrator ended the session
    REVOKED = "revoked"  # the issuer ended it, for reuse or replay
    EXPIRED = "expired"
    REUSE_DETECTED = "reuse_detected"
    CLIENT_MISMATCH = "client_mismatch"
    MALFORMED = "malformed"  # nobody issued such a token
    ACCOUNT_DISABLED = "account_disabled"


REASONS: Mapping[EventType, frozenset[Reason]] = {
    EventType.LOGIN: frozenset({Reason.FIRST_LOGIN, Reason.KNOWN_ACCOUNT}),
    EventType.LOGOUT: frozenset({Reason.USER, Reason.STAGE_SWITCH, Reason.ADMIN, Reason.REVOKED, Reason.EXPIRED}),
    EventType.REFRESH_FAILED: frozenset(
        {
            Reason.EXPIRED,
            Reason.REVOKED,
            Reason.REUSE_DETECTED,
            Reason.CLIENT_MISMATCH,
            Reason.MALFORMED,
            Reason.ACCOUNT_DISABLED,
        }
    ),
}
OUTCOMES: Mapping[EventType, Outcome] = {
    EventType.LOGIN: Outcome.SUCCESS,
    EventType.LOGOUT: Outcome.SUCCESS,
    EventType.REFRESH_FAILED: Outcome.FAILURE,
}


@dataclass(frozen=True)
class Personal:
    """Why a field that relates to a person is there, and for how many days a consumer may keep it."""

    purpose: str
    retention_days: int


@dataclass(frozen=True)
class Field:
    """One field. A text matches ``pattern`` as a whole; without one it is a whole number from 1, or true (``flag``).

    ``of_session``: it is there if and only if the event is about a session. ``since``: the version that brought it.
    """

    meaning: str
    pattern: str = ""
    flag: bool = False
    optional: bool = False
    of_session: bool = False
    since: str = "1.0"
    longest: int = LONGEST
    personal: Personal | None = None

    def accepts(self, value: object) -> bool:
        """Say whether the value is one of this field."""
        if self.flag:
            return value is True
        if not self.pattern:
            return type(value) is int and value >= 1
        if not isinstance(value, str) or len(value.encode("utf-8", "replace")) > self.longest:
            return False
        return re.fullmatch(self.pattern, value) is not None


_SECURITY = "to notice the misuse of an account and to tell its sessions apart (GDPR Art. 6(1)(f), Recital 49)"
_PSEUDONYM = Personal(_SECURITY, 90)

FIELDS: Mapping[str, Field] = {
    "event_id": Field("Identifies the event: what has an id that was seen before is a repetition.", UUID),
    "type": Field("What happened.", "|".join(re.escape(each) for each in EventType)),
    "version": Field("The version of this schema.", "|".join(re.escape(each) for each in VERSIONS)),
    "occurred_at": Field("When it happened: UTC, RFC 3339 with milliseconds.", RFC3339_UTC),
    "recorded_at": Field("When the issuer learned of it; later where somebody was offline.", RFC3339_UTC, since="1.1"),
    "stage": Field("The stage.", r"[a-z][a-z0-9-]{0,31}"),
    "issuer": Field("The issuer's identifier (RFC 8414 §2).", r"https?://[^\x00-\x20\x7f]+"),
    "client_id": Field("The client that asked.", TEXT),
    "subject": Field(
        "The account's pseudonym at this stage; no other stage has the same.",
        KEYED,
        of_session=True,
        personal=_PSEUDONYM,
    ),
    "session_ref": Field(
        "The session: an HMAC of its identifier under a key of the stage.", KEYED, of_session=True, personal=_PSEUDONYM
    ),
    "correlation_id": Field(
        "Links what belongs to one login: its authorization request, tokens, events and audit records.",
        r"[A-Za-z0-9-]{8,64}",
        of_session=True,
        personal=_PSEUDONYM,
    ),
    "seq": Field("1 for the session's first event, and one more for each further one.", of_session=True),
    "outcome": Field("Whether what was asked for was done.", "|".join(Outcome)),
    "reason": Field("Why.", "|".join(Reason)),
    "count": Field("How many occurrences it stands for, where they are counted.", optional=True),
    "truncated": Field(f"A text was too long, and was cut; it ends in {CUT}", flag=True, optional=True, since="1.1"),
}


def fields_of(version: str) -> Mapping[str, Field]:
    """Return the fields of a version of the schema."""
    return {name: field for name, field in FIELDS.items() if VERSIONS.index(field.since) <= VERSIONS.index(version)}


def cut(text: str, longest: int = LONGEST) -> str:
    """Return the text, or as many whole characters of it as fit into ``longest`` bytes of UTF-8 with the mark `CUT`."""
    data = text.encode("utf-8", "replace")
    if len(data) <= longest:
        return data.decode()
    return data[: longest - len(CUT.encode())].decode("utf-8", "ignore") + CUT
