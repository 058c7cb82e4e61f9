"""What came over HTTP: exchanges, races, realtime connections, callbacks; and tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from harness.observations.base import Observation

__all__ = [
    "CallbackDelivery",
    "HttpExchange",
    "Race",
    "RealtimeConnection",
    "SecretSample",
    "TokenFacts",
    "Visits",
    "Volley",
]


@dataclass(frozen=True, kw_only=True)
class HttpExchange(Observation):
    """One request and its answer. `status` is None where no answer came; `error` then says why. `began`: seconds from
    the start of its scenario. `skipped`: seconds by which the scenario had set its stage's clock forward by then."""

    kind: Literal["http"] = "http"
    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...] = ()
    request_body: str = ""
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    body_bytes: int = 0
    truncated: bool = False
    error: str = ""
    seconds: float = 0.0
    began: float = 0.0
    skipped: float = 0.0

    def header(self, name: str) -> str | None:
        """The first header of this name, in any case of letters."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def header_values(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    @property
    def location(self) -> str | None:
        return self.header("location")

    def location_parameters(self) -> dict[str, str]:
        """Query and fragment parameters of the Location header; empty without one."""
        try:
            parts = urlsplit(self.location or "")
        except ValueError:  # it is no address
            return {}
        pairs = {**parse_qs(parts.query, True), **parse_qs(parts.fragment, True)}
        return {name: values[0] for name, values in pairs.items()}

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            parsed = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True, kw_only=True)
class TokenFacts(Observation):
    """What was measured of a token before it was redacted. `claims` are allow-listed; `signed_by` names the stage
    whose published key verifies it ("" where none does); `token` is its mark."""

    kind: Literal["token"] = "token"
    token: str
    token_kind: str
    form: str  # "jwt" or "opaque"
    header: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    signed_by: str = ""
    length: int = 0


@dataclass(frozen=True, kw_only=True)
class Race(Observation):
    """The same request sent many times at once: per round, the statuses answered; `successes` counts the grants."""

    kind: Literal["race"] = "race"
    parallel: int
    rounds: tuple[tuple[int, ...], ...]
    successes: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Volley(Observation):
    """Many requests of one kind in a row: how often each status was answered (0: no answer), and how long it took."""

    kind: Literal["volley"] = "volley"
    statuses: Mapping[str, int]
    seconds: float

    @property
    def sent(self) -> int:
        return sum(self.statuses.values())


@dataclass(frozen=True, kw_only=True)
class Visits(Observation):
    """Who came to a place that was watched, one line each, in so many seconds. `noticed`: the harness came too, and
    that was noticed; its own visit is not among the others."""

    kind: Literal["visits"] = "visits"
    place: str
    visits: tuple[str, ...]
    noticed: bool
    seconds: float


@dataclass(frozen=True, kw_only=True)
class RealtimeConnection(Observation):
    """A realtime connection, as its client meets it when he opens or watches it. `status` is what the request for it
    was answered, None where no answer came; `messages` are those that came so far, without heartbeats.
    `closed_after`: seconds from the stimulus until the server ended it, None while it is open."""

    kind: Literal["realtime"] = "realtime"
    url: str
    status: int | None
    open: bool
    messages: int = 0
    closed_after: float | None = None
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class CallbackDelivery(Observation):
    """What became of an authorization response that was brought to a client. `token_requests` counts, by issuer
    (`honest`, `attacker`), what reached each token endpoint meanwhile; both were listened to. `status` is None where
    the client did not answer; `signed_in` tells whether somebody is signed in afterwards, and `account` the name that
    the client shows for him. `message` is what the page tells; `offers_login`: it leads on to a new sign-in.
    `api_calls` counts the requests with a token that came to the attacker's API meanwhile. `nobody_there`: the client
    does not listen at its address any more, so that no answer can come to it."""

    kind: Literal["callback"] = "callback"
    redirect_uri: str
    status: int | None
    token_requests: Mapping[str, int]
    signed_in: bool
    account: str = ""
    message: str = ""
    offers_login: bool = False
    api_calls: int = 0
    nobody_there: bool = False


@dataclass(frozen=True, kw_only=True)
class SecretSample(Observation):
    """Secrets of one kind that were looked at and not kept: how many, how many of them different, and how many `bits`
    their characters can encode, a position counting as many as the characters that were seen there allow."""

    kind: Literal["sample"] = "sample"
    what: str
    count: int
    distinct: int
    shortest: int
    bits: float
