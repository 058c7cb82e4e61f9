"""What a target lets the harness do or see, as typed interfaces. Steps speak to these and to nothing else.

A target that does not offer a capability answers with its `absent` port, whose every use raises NotOffered; the
scenario is then `not_run` with that reason. `validating` wraps a port so that what it returns is what it promises.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar, cast

from harness.errors import NotOffered, TargetError
from harness.observations import (
    AuditResult,
    BusCapture,
    CookieJar,
    LogCapture,
    Observation,
    PageView,
    ProcessRun,
    PublishTranscript,
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
    "DesktopClient",
    "Issuer",
    "Process",
    "Publisher",
    "Rehearsal",
    "StoreClient",
    "Target",
    "WebClient",
    "absent",
    "validating",
]

Issuer = OAuthIssuer  # over plain HTTP there is one way to be an issuer's client
P = TypeVar("P")


class Clock(Protocol):
    """The test clock of a target."""

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

    def close(self) -> None: ...


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

    def web(self, stage: str, browser: str, recorder: Recorder) -> WebClient: ...

    def rehearsal(self, recorder: Recorder) -> Rehearsal: ...

    def wait_for_revocation(self, stage: str, bound: float) -> None:
        """Let pass what the target needs until a revocation is in force, at most `bound` seconds."""

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
