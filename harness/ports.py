"""What a target lets the harness do or see, as typed interfaces. Steps speak to these and to nothing else.

A target that does not offer a capability answers with its `absent` port, whose every use raises NotOffered; the
scenario is then `not_run` with that reason. `validating` wraps a port so that what it returns is what it promises.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

from harness.errors import NotOffered, TargetError
from harness.model import Waiver
from harness.observations import (
    AuditResult,
    BusCapture,
    CallbackDelivery,
    CookieJar,
    LifetimeTable,
    LogCapture,
    Observation,
    PageView,
    ProcessRun,
    PublishTranscript,
    RealtimeConnection,
    SecretScan,
    SelfTestRun,
    StatusTable,
    StoreListing,
    StoreOperation,
    StoreState,
)
from harness.observe import Recorder
from harness.probes.oauth import OAuthIssuer

__all__ = [
    "Admin",
    "Bus",
    "Clock",
    "Copies",
    "DesktopClient",
    "Documentation",
    "Issuer",
    "Process",
    "Publisher",
    "Realtime",
    "Rehearsal",
    "RelyingParty",
    "StoreClient",
    "Target",
    "WebClient",
    "absent",
    "validating",
]

Issuer = OAuthIssuer  # over plain HTTP there is one way to be an issuer's client
P = TypeVar("P")


class Clock(Protocol):
    """The clock of a target: one that can be set forward, or the one on the wall, for which one has to wait."""

    def now(self, stage: str) -> float:
        """Seconds since the epoch, as the target's tokens count them."""

    def advance(self, stage: str, seconds: float) -> None: ...


class Bus(Protocol):
    """What subscribers of a stage's bus get."""

    def open_window(self, stage: str) -> None:
        """Forget what was delivered so far."""

    def capture(self, case: str, stage: str) -> BusCapture:
        """All that was delivered since the window was opened; waits until the bus has settled."""


class Publisher(Protocol):
    """The target's own publisher, against a bus whose answers are scripted."""

    def publish(self, case: str, answers: Sequence[Sequence[str]], events: int) -> PublishTranscript:
        """Publish `events` events while the bus answers, call by call and entry by entry, with these error codes ("" is
        success; the last row repeats). Then have the dead letters redelivered to a bus that takes them."""


class Process(Protocol):
    """The target's server as a process of its own, one stage at a time."""

    def start(self, case: str, stage: str | None) -> ProcessRun:
        """Start with this configured stage (None: unset), wait at most 10 s until it is ready or has ended, stop it.
        While it runs, its discovery and token endpoint are asked under the same case."""

    def serve(self, stage: str) -> Issuer:
        """Start one stage and leave it running until `kill`."""

    def kill(self) -> None:
        """End the running process at once, as SIGKILL does."""

    def restart(self) -> None:
        """Start the killed process again, with the same configuration and database."""

    def close(self) -> None: ...


class Admin(Protocol):
    """Conditions that the harness brings about from outside, as an operator or an accident would."""

    def disable_account(self, stage: str, user: str) -> None: ...

    def upstream_fails(self, stage: str) -> AbstractContextManager[None]:
        """While it lasts, the upstream identity provider answers every login with an error."""

    def storage_fails_once(self, stage: str) -> None:
        """The next request that touches token storage meets an error."""

    def trusts_keys_of(self, stage: str, other: str) -> AbstractContextManager[None]:
        """While it lasts, the API of `stage` has the public keys of `other` in its key set too."""

    def revocation_unreachable(self, stage: str, recorder: Recorder, case: str) -> AbstractContextManager[None]:
        """While it lasts, requests to the revocation endpoint end without an answer; each is recorded under `case`."""


@dataclass(frozen=True)
class Copies:
    """Copies of what a client holds, for the harness to present again: secrets. `cookie` is a Cookie header."""

    client_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    cookie: str = field(default="", repr=False)


class Realtime(Protocol):
    """The realtime channel of one stage's API. Connections are told apart by the names that they are opened with."""

    def subscribe(self, case: str, name: str, access_token: str) -> RealtimeConnection:
        """Open a connection with this token; returns when it is open or refused."""

    def provoke(self, case: str, access_token: str) -> None:
        """Let this token's session do something that every connection of its user is told of."""

    def receive(self, case: str, name: str, seconds: float) -> RealtimeConnection:
        """Wait for a message more than were there when it was looked at last, at most so long."""

    def watch(self, case: str, name: str, since: float, seconds: float) -> RealtimeConnection:
        """Wait until the server ends the connection, at most so long. `since` is when the stimulus was, by the
        monotonic clock."""

    def close(self) -> None: ...


class StoreClient(Protocol):
    """The session store as a client process uses it. `value` is a witness, not a secret, and `name` names it."""

    def set(self, case: str, stage: str, account: str, item: str, name: str, value: bytes) -> StoreOperation: ...

    def get(self, case: str, stage: str, account: str, item: str) -> StoreOperation: ...

    def clear(self, case: str, stage: str, account: str) -> StoreOperation: ...

    def items(self, case: str, stage: str, account: str) -> StoreListing: ...

    def restart(self) -> None:
        """End the client's process and start another, so that reads cross a process border."""

    def close(self) -> None: ...


class DesktopClient(Protocol):
    """The desktop's main process, with its window in a browser. Every answer says how its secrets are kept."""

    def start(self, case: str) -> StoreState: ...

    def log_in(self, case: str) -> StoreState:
        """Log in through the window and the issuer's page."""

    def call_api(self, case: str) -> StoreState: ...

    def refresh(self, case: str) -> StoreState: ...

    def copies(self, case: str) -> Copies:
        """What the client was given last; the answer that brought it is recorded under `case`."""

    def log_out(self, case: str) -> StoreState:
        """Log out in the window."""

    def look(self, case: str, page: str) -> PageView:
        """Look at a page of the window: `login`, `home` or `settings`, in a real browser."""

    def self_test(self, case: str) -> SelfTestRun: ...

    def logs(self, case: str) -> LogCapture: ...

    def scan(self, case: str) -> SecretScan:
        """Search everything that the process could write to, and its back end's files."""

    def stop(self) -> None: ...

    def close(self) -> None: ...


class WebClient(Protocol):
    """The web client in a real browser, one user agent."""

    def log_in(self, case: str) -> PageView: ...

    def refresh(self, case: str) -> PageView: ...

    def reload(self, case: str) -> PageView: ...

    def log_out(self, case: str) -> PageView: ...

    def copies(self, case: str) -> Copies:
        """What the client holds for this user; the answer that brought it is recorded under `case`."""

    def show(self, case: str, page: str) -> PageView:
        """Go to `settings`, or to `login`, for which a user who is signed in signs out."""

    def jar(self, case: str) -> CookieJar: ...

    def set_cookies(self, case: str) -> CookieJar:
        """All cookies set by answers since the last call."""

    def sent_to(self, case: str, where: str) -> CookieJar:
        """The cookies that the browser sends to `sibling` (another name of the same site) or `http`."""

    def scan_storages(self, case: str) -> SecretScan: ...

    def scan_page(self, case: str) -> SecretScan:
        """Search globals, DOM and inline data."""

    def scan_answers(self, case: str) -> SecretScan:
        """Search every answer that page script could read since the last call."""

    def scan_caches(self, case: str) -> SecretScan:
        """End the browser, and search what its caches hold on disk. Only with a profile of its own there."""

    def close(self) -> None: ...


class RelyingParty(Protocol):
    """A client that knows two issuers: the stage's own, `honest`, and one that the harness runs, `attacker`. The
    harness is its user's browser."""

    def identifiers(self) -> Mapping[str, str]:
        """Both issuer identifiers, by these names."""

    def begin(self, issuer: str) -> str:
        """Begin a sign-in at one of them, with nobody signed in; the URL of the authorization request."""

    def deliver(self, case: str, callback: str) -> CallbackDelivery:
        """Bring an authorization response to the client that began the last sign-in: the URL that a browser would be
        led to. The callback and the token requests that follow are recorded under `case`."""

    def close(self) -> None: ...


class Documentation(Protocol):
    """What the target's operators have written down about it."""

    def lifetimes(self, case: str, stage: str) -> LifetimeTable: ...


class Rehearsal(Protocol):
    """A small run of the harness itself, made by another process, and what becomes of its evidence."""

    def run(self, case: str) -> StatusTable:
        """Make the run; the first one is what `audit` and `scan` look at."""

    def audit(self, case: str) -> AuditResult:
        """Audit a copy of the evidence after the change that `case` names."""

    def scan(self, case: str) -> SecretScan: ...

    def close(self) -> None: ...


class Target(Protocol):
    """A system under verification, open. Each port is bound to a scenario's recorder."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def stages(self) -> Sequence[str]: ...
    @property
    def browsers(self) -> Sequence[str]: ...
    @property
    def stores(self) -> Sequence[str]: ...
    @property
    def confirms(self) -> bool:
        """Whether a failure is reported only after a second trial, with another HTTP client, has confirmed it."""

    @property
    def patience(self) -> float | None:
        """Seconds for which one may wait to see an effect; None where effects are immediate."""

    @property
    def scenario_seconds(self) -> float:
        """A trial of a scenario that takes longer has judged nothing more."""

    @property
    def declared_absent(self) -> Mapping[str, str]:
        """The capabilities that its description declares absent, each with its reason."""

    @property
    def parameters(self) -> Mapping[str, float]:
        """The policy parameters that its description sets, by name."""

    @property
    def remedies(self) -> Mapping[str, str]:
        """What to change where an expectation fails, in the target's own terms, by expectation."""

    @property
    def expected_failures(self) -> Sequence[Waiver]:
        """Failures that its description expects."""

    def spares(self, stage: str) -> str:
        """Why nothing destructive is done to this stage; "" where it may be."""

    def client_of_trial(self, trial: int) -> str:
        """The name of the HTTP client that this trial uses."""

    def issuer(self, stage: str, recorder: Recorder) -> Issuer: ...

    def clock(self) -> Clock: ...

    def bus(self, recorder: Recorder) -> Bus: ...

    def publisher(self, recorder: Recorder) -> Publisher: ...

    def process(self, recorder: Recorder) -> Process: ...

    def admin(self) -> Admin: ...

    def store(self, store: str, recorder: Recorder) -> StoreClient: ...

    def desktop(self, stage: str, recorder: Recorder, situation: str = "") -> DesktopClient:
        """The desktop client in a situation of its store: "" as the machine has it, `no back end`, …"""

    def web(self, stage: str, browser: str, recorder: Recorder, on_disk: bool = False) -> WebClient:
        """`on_disk`: in a browser with a profile on disk, as users have; else without one."""

    def realtime(self, stage: str, recorder: Recorder) -> Realtime: ...

    def relying_party(self, client: str, stage: str, recorder: Recorder) -> RelyingParty:
        """The target's `web` or `desktop` client, with two issuers in its list."""

    def documentation(self, recorder: Recorder) -> Documentation: ...

    def rehearsal(self, recorder: Recorder) -> Rehearsal: ...

    def close(self) -> None: ...


def absent(protocol: type[P], capability: str, reason: str, declared: bool = False) -> P:
    """A port whose every use raises NotOffered."""

    class Absent:
        def __getattr__(self, name: str) -> Any:
            raise NotOffered(capability, reason, declared)

    return cast("P", Absent())


def validating(protocol: type[P], port: P) -> P:
    """The port, with every answer checked against the protocol: its type, its case, its non-negative times."""
    return cast("P", _Validating(protocol, port))


class _Validating:
    def __init__(self, protocol: type, port: object) -> None:
        self._protocol, self._port = protocol, port

    def __getattr__(self, name: str) -> Any:
        promised = getattr(self._protocol, name, None)
        real = getattr(self._port, name)
        if promised is None or not callable(real):
            return real
        return _checked(name, promised, real)


def _checked(name: str, promised: Callable[..., Any], real: Callable[..., Any]) -> Callable[..., Any]:
    returns = typing.get_type_hints(promised).get("return")
    signature = inspect.signature(promised)

    @functools.wraps(real)
    def call(*arguments: Any, **named: Any) -> Any:
        bound = signature.bind(None, *arguments, **named)
        answer = real(*arguments, **named)
        if isinstance(returns, type) and issubclass(returns, Observation):
            _require(isinstance(answer, returns), f"{name} gave {type(answer).__name__}, not {returns.__name__}")
            _require(bool(answer.id), f"{name} gave an observation that was not recorded")
            case = bound.arguments.get("case", answer.case)
            _require(answer.case == case, f"{name} answered {answer.case!r} to {case!r}")
            _require(getattr(answer, "seconds", 0.0) >= 0, f"{name} took a negative time")
        return answer

    return call


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise TargetError(f"a port broke its promise: {what}")
