"""What probes saw, as typed records.

Every observation answers one stimulus, named by `case`. Times are seconds, sizes are bytes. Strings are redacted: where
a secret stood, its mark stands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, cast
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, TypeAdapter

__all__ = [
    "Absence",
    "AuditResult",
    "BusCapture",
    "BusEvent",
    "CallbackDelivery",
    "Confirmation",
    "Cookie",
    "CookieJar",
    "DocumentedLifetime",
    "Hit",
    "HttpExchange",
    "LifetimeTable",
    "LogCapture",
    "Observation",
    "PageView",
    "ProcessRun",
    "PublishCall",
    "PublishTranscript",
    "Race",
    "RealtimeConnection",
    "SecretScan",
    "SelfTestRun",
    "StatusTable",
    "StoreListing",
    "StoreOperation",
    "StoreState",
    "TokenFacts",
    "from_json",
    "to_json",
]


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What every observation has. `case` names the stimulus; `about` holds what else tells it apart; `trial` is 2 where
    a scenario that failed was run once more, to confirm it."""

    kind: str
    case: str
    id: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    trial: int = 1


@dataclass(frozen=True, kw_only=True)
class Absence(Observation):
    """A capability that a step needed and the target does not offer. `declared`: its description says that it has
    none, and why."""

    kind: Literal["absence"] = "absence"
    capability: str
    reason: str
    declared: bool = False


@dataclass(frozen=True, kw_only=True)
class Confirmation(Observation):
    """The start of a second trial: `client` is the HTTP client that it uses."""

    kind: Literal["confirmation"] = "confirmation"
    client: str


@dataclass(frozen=True, kw_only=True)
class HttpExchange(Observation):
    """One request and its answer. `status` is None where no answer came; `error` then says why. `began`: seconds from
    the start of its scenario. `skipped`: seconds by which the scenario had set the target's clock forward by then."""

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


@dataclass(frozen=True)
class BusEvent:
    """One delivery of an event, as a subscriber gets it."""

    type: str
    source: str
    properties: Mapping[str, Any]
    metadata: Mapping[str, Any]
    bus: str = ""


@dataclass(frozen=True, kw_only=True)
class BusCapture(Observation):
    """All that a stage's bus delivered in the window of `case`. `settled` tells that the capture is complete: a
    sentinel published after the stimulus came through."""

    kind: Literal["bus"] = "bus"
    stage: str
    events: tuple[BusEvent, ...] = ()
    settled: bool = False
    seconds: float = 0.0

    def of_type(self, type: str) -> tuple[BusEvent, ...]:
        return tuple(event for event in self.events if event.type == type)


@dataclass(frozen=True)
class PublishCall:
    """One PutEvents call: the event ids sent and, per entry, the error code answered ("" for success)."""

    event_ids: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PublishTranscript(Observation):
    """What a publisher sent and where each event ended. `alarms` are the alarm records raised. `redelivered`: ids that
    the bus took when the dead letters were sent once more. SHA-256 is of each event's content, in its ids' order."""

    kind: Literal["publish"] = "publish"
    submitted: tuple[str, ...]
    calls: tuple[PublishCall, ...] = ()
    reported_published: tuple[str, ...] = ()
    dead_letters: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    finished: bool = True
    submitted_sha256: tuple[str, ...] = ()
    dead_letters_sha256: tuple[str, ...] = ()
    redelivered: tuple[str, ...] = ()
    redelivered_sha256: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StoreOperation(Observation):
    """One operation on a session store, from another process. Values are witnesses: given and read by SHA-256.
    `outcome`: done, value, not_found, refused, error."""

    kind: Literal["store-operation"] = "store-operation"
    operation: Literal["set", "get", "clear"]
    stage: str
    account: str
    item: str = ""
    outcome: Literal["done", "value", "not_found", "refused", "error"]
    value: str = ""  # a name for the witness that was set, "" for get and clear
    sha256: str = ""  # of the value set or read
    length: int = 0
    error: str = ""  # type of the error


@dataclass(frozen=True, kw_only=True)
class StoreListing(Observation):
    """The item names a store holds for one stage and account, and those that are documented. `raw` are all entries of
    the whole store as another program lists them, `stage/account/item` or their own names where they follow no such
    scheme; None where no other program can (a process's memory)."""

    kind: Literal["store-listing"] = "store-listing"
    stage: str
    account: str
    items: tuple[str, ...]
    documented: tuple[str, ...]
    raw: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class StoreState(Observation):
    """How a client says its secrets are kept. `mode` is `secure` or `memory-only`."""

    kind: Literal["store-state"] = "store-state"
    mode: str
    back_end: str
    warning: str = ""
    signed_in: bool | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class SelfTestRun(Observation):
    """The start-up self-test of a store: the steps it took, and for each whether it held."""

    kind: Literal["self-test"] = "self-test"
    back_end: str
    steps: Mapping[str, bool]
    accepted: bool
    before_login: bool


@dataclass(frozen=True, kw_only=True)
class ProcessRun(Observation):
    """A start of a process. `exit_code` is None while it runs; `ready` tells that it accepted connections."""

    kind: Literal["process"] = "process"
    argument: str
    ready: bool
    exit_code: int | None
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PageView(Observation):
    """A page as a person sees it. `alerts` are the visible texts with role alert."""

    kind: Literal["page"] = "page"
    url: str
    title: str
    text: str
    alerts: tuple[str, ...] = ()
    document_cookie: str = ""
    signed_in: bool | None = None


@dataclass(frozen=True)
class Cookie:
    """A cookie with its attributes; the value is a mark. `decoded` is what its value decodes to, as a shape: opaque,
    json, jwt; `personal` lists kinds of personal data or tokens found in clear inside it."""

    name: str
    domain: str
    path: str
    secure: bool
    http_only: bool
    same_site: str
    host_only: bool
    size: int
    value: str = ""
    max_age: int | None = None
    decoded: str = "opaque"
    personal: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CookieJar(Observation):
    """Cookies: of a browser's jar (`source` jar), set by answers (`set-cookie`), or sent to `url` (`sent`)."""

    kind: Literal["cookies"] = "cookies"
    source: Literal["jar", "set-cookie", "sent"]
    cookies: tuple[Cookie, ...]
    url: str = ""


@dataclass(frozen=True)
class Hit:
    """A secret found: where, its mark, and how it was encoded."""

    place: str
    mark: str
    transform: str = ""


@dataclass(frozen=True, kw_only=True)
class SecretScan(Observation):
    """A search for every secret known: places and bytes searched, kinds looked for, hits by place; `planted_found`
    tells that a secret planted for the purpose was found the same way."""

    kind: Literal["scan"] = "scan"
    places: tuple[str, ...]
    bytes: int
    kinds: tuple[str, ...]
    hits: tuple[Hit, ...]
    planted_found: bool


@dataclass(frozen=True, kw_only=True)
class Race(Observation):
    """The same request sent many times at once: per round, the statuses answered; `successes` counts the grants."""

    kind: Literal["race"] = "race"
    parallel: int
    rounds: tuple[tuple[int, ...], ...]
    successes: tuple[int, ...]


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
    the client did not answer; `signed_in` tells whether somebody is signed in afterwards."""

    kind: Literal["callback"] = "callback"
    redirect_uri: str
    status: int | None
    token_requests: Mapping[str, int]
    signed_in: bool


@dataclass(frozen=True, kw_only=True)
class LogCapture(Observation):
    """Structured log records of a process, one mapping each."""

    kind: Literal["log"] = "log"
    records: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class DocumentedLifetime:
    """A lifetime as the documentation states it, in seconds, with the justification beside it ("" where none is)."""

    seconds: float
    justification: str = ""


@dataclass(frozen=True, kw_only=True)
class LifetimeTable(Observation):
    """The lifetimes that a target documents. `limits` has `access_token`, `refresh_idle` and `refresh_absolute`, as far
    as something is written; `source` says where, `assurance` the level claimed (NIST SP 800-63B-4: AAL1 or AAL2)."""

    kind: Literal["lifetimes"] = "lifetimes"
    stage: str
    source: str
    limits: Mapping[str, DocumentedLifetime]
    assurance: str = ""


@dataclass(frozen=True, kw_only=True)
class AuditResult(Observation):
    """What an audit said of a bundle after the change that `case` names."""

    kind: Literal["audit"] = "audit"
    changed: str
    holds: bool
    places: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StatusTable(Observation):
    """What a bundle says of each expectation × cell: `statuses` maps `expectation@cell` to all verdicts given;
    `declared` are the pairs that its plan names; `scenario_ends` maps a scenario to how it ended; `digests` maps
    scenarios and files to SHA-256."""

    kind: Literal["statuses"] = "statuses"
    declared: tuple[str, ...]
    statuses: Mapping[str, tuple[str, ...]]
    scenario_ends: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)


Known = (
    Absence
    | Confirmation
    | HttpExchange
    | TokenFacts
    | BusCapture
    | CallbackDelivery
    | PublishTranscript
    | StoreOperation
    | StoreListing
    | StoreState
    | SelfTestRun
    | ProcessRun
    | PageView
    | CookieJar
    | SecretScan
    | Race
    | RealtimeConnection
    | LifetimeTable
    | LogCapture
    | AuditResult
    | StatusTable
)
_adapter: TypeAdapter[Known] = TypeAdapter(Annotated[Known, Field(discriminator="kind")])


def to_json(observation: Observation) -> dict[str, Any]:
    """The observation as JSON-ready data; `from_json` gives an equal one back."""
    return cast("dict[str, Any]", _adapter.dump_python(cast("Known", observation), mode="json"))


def from_json(data: Mapping[str, Any]) -> Observation:
    """The observation in `data`. Raises pydantic.ValidationError where it is none."""
    return _adapter.validate_python(dict(data), strict=False)
