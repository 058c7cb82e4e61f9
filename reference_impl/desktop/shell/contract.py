"""The contract between main process and renderer: one definition, from which both sides are made.

Main validates requests and replies by the models; the preload script is given `contract_json` and validates replies and
makes the page's functions from it. `python -m reference_impl.desktop.shell.contract` prints it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

LONGEST_MESSAGE = 1_000_000  # characters of a message as JSON: a push holds all that is not saved
DEEPEST = 32  # levels of nesting in one
CALL, STORE, NETWORK = 5.0, 10.0, 10.0  # seconds that a call may take: usually, at the store, at issuer or API


class Message(BaseModel):
    """What crosses the bridge: no field more than named, and none of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(Message):
    """No fields."""


class Session(Message):
    """What the renderer may know of the session. No secret. ``number``: another one for each session."""

    signed_in: bool
    account: str
    stage: str
    warning: str
    number: int


class AccessToken(Message):
    """A short-lived access token (RFC 6750), for the page's own requests; ``expires_in`` in seconds."""

    access_token: str
    expires_in: int


class Notes(Message):
    """The user's notes, as JSON text of the API's answer."""

    notes: str


class Handle(Message):
    """The name of an access token: worth nothing without the session."""

    handle: str = Field(max_length=100)


class Syncing(Message):
    """What a page needs in order to sync: whose data it is, the handle to begin with, and for how many seconds at most
    the data may be kept."""

    subject: str
    handle: str
    expires_in: int


class SyncRequest(Message):
    """A push or pull of Replicache's, as JSON text, to be sent by the token of this handle."""

    body: str = Field(max_length=LONGEST_MESSAGE)
    handle: str = Field(max_length=100)


class SyncAnswer(Message):
    """The API's status and answer; 401 as well where the handle names no token that is held."""

    body: str
    status: int


class Done(Message):
    """Whether it was done as asked; ``confirmed``: the issuer said so too."""

    confirmed: bool


class HelpPage(Message):
    """A page to open in the system's browser."""

    url: str = Field(max_length=2048)


class Code(StrEnum):
    """Why a call failed: all that a renderer is told."""

    UNKNOWN_CHANNEL = "UnknownChannel"
    MALFORMED = "Malformed"
    TOO_LARGE = "TooLarge"
    FORBIDDEN = "Forbidden"
    NOT_AUTHENTICATED = "NotAuthenticated"
    REFUSED = "Refused"
    UNAVAILABLE = "Unavailable"
    TIMEOUT = "Timeout"
    BAD_REPLY = "BadReply"
    INTERNAL = "Internal"


@dataclass(frozen=True)
class Channel:
    """One operation. ``method``: its name in the page's API; ``limit``: seconds until it is given up."""

    name: str
    method: str
    request: type[Message]
    reply: type[Message]
    limit: float = CALL


CHANNELS: Mapping[str, Channel] = {
    channel.name: channel
    for channel in (
        Channel("session:get", "getSession", Nothing, Session),
        Channel("session:token", "getAccessToken", Nothing, AccessToken, NETWORK),
        Channel("session:sign-in", "signIn", Nothing, Done),
        Channel("session:cancel", "cancelSignIn", Nothing, Done),
        Channel("session:sign-out", "signOut", Nothing, Done, STORE),
        Channel("notes:list", "listNotes", Nothing, Notes, NETWORK),
        Channel("sync:begin", "beginSync", Nothing, Syncing, NETWORK),
        Channel("sync:renew", "renewHandle", Handle, Handle, NETWORK),
        Channel("sync:push", "push", SyncRequest, SyncAnswer, NETWORK),
        Channel("sync:pull", "pull", SyncRequest, SyncAnswer, NETWORK),
        Channel("help:open", "openHelp", HelpPage, Done),
    )
}
EVENT = "changed"  # main tells every window that the session changed; it carries nothing


def contract_json() -> str:
    """Return the contract as the preload takes it, byte for byte the same on each call."""
    channels = {
        channel.name: {
            "method": channel.method,
            "request": _fields(channel.request),
            "reply": _fields(channel.reply),
            "limit": channel.limit,
        }
        for channel in CHANNELS.values()
    }
    codes = [str(code) for code in Code]
    return json.dumps({"channels": channels, "codes": codes, "event": EVENT}, sort_keys=True, separators=(",", ":"))


def digest() -> str:
    """Return the SHA-256 of the contract: both sides must tell the same."""
    return hashlib.sha256(contract_json().encode()).hexdigest()


def _fields(message: type[Message]) -> dict[str, str]:
    """The JavaScript type of each field."""
    schema = message.model_json_schema()
    names = {"string": "string", "boolean": "boolean", "integer": "number", "number": "number"}
    return {name: names[told["type"]] for name, told in schema.get("properties", {}).items()}


if __name__ == "__main__":
    print(contract_json())
