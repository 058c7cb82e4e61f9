"""The desktop shell and its sign-ins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.observations.base import Observation

__all__ = [
    "AfterLogout",
    "BridgeCall",
    "BridgeCalls",
    "Destinations",
    "HandedToken",
    "HeldSession",
    "Openings",
    "Replies",
    "Settlement",
    "Settlements",
    "ShellNotes",
    "ShellProcess",
    "ShellState",
    "SocketTable",
    "Surface",
]


@dataclass(frozen=True, kw_only=True)
class SocketTable(Observation):
    """The TCP sockets that a client's processes listen on, each as `address:port`. `awaited` is the one to which the
    answer of its latest sign-in is to come ("" before the first). `tried` are further addresses of the machine at which
    a connection to that port was tried, and `reached` those where it was accepted. `seconds`: how long after the
    stimulus the awaited socket was first seen closed, or for how long it was seen open."""

    kind: Literal["sockets"] = "sockets"
    listening: tuple[str, ...]
    awaited: str = ""
    tried: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Surface(Observation):
    """What script of a window's page can reach of its bridge. `declared` and `seen` are functions as `name/arity`;
    `further` are names in the page's world beside those of an empty page and the bridge; `reachable` are things of the
    main process or preload that script could get hold of; `channels` are functions that took a channel's name;
    `uncalled` are functions that nobody called with one. `callbacks` tells what callbacks were given, one line each
    argument, and `called` how often they were called. `documented`: whether there is a list of functions at all."""

    kind: Literal["surface"] = "surface"
    declared: tuple[str, ...]
    seen: tuple[str, ...]
    further: tuple[str, ...] = ()
    reachable: tuple[str, ...] = ()
    frozen: bool = False
    channels: tuple[str, ...] = ()
    uncalled: tuple[str, ...] = ()
    documented: bool = True
    callbacks: tuple[str, ...] = ()
    called: int = 0


@dataclass(frozen=True)
class BridgeCall:
    """One message to the main process: `outcome` is `value`, the code of a typed error, `pending` where nothing came
    in time, `absent` where the frame has no bridge, or what else came; `seconds` until then; `told`, the fields
    of the reply."""

    what: str
    channel: str
    outcome: str
    seconds: float = 0.0
    told: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BridgeCalls(Observation):
    """Messages that were sent to the main process; `codes` are its typed errors."""

    kind: Literal["bridge_calls"] = "bridge_calls"
    codes: tuple[str, ...]
    calls: tuple[BridgeCall, ...]


@dataclass(frozen=True)
class Settlement:
    """One function of the page's, called by several at once: its documented limit in seconds, how the calls settled
    (`pending`: not at all), the seconds until the last one did, and the milliseconds until the slowest call came back
    with its promise."""

    method: str
    limit: float
    outcomes: Mapping[str, int]
    seconds: float
    returned: float


@dataclass(frozen=True, kw_only=True)
class Settlements(Observation):
    """All functions of the page's, called while something hinders the main process. `longest`: milliseconds of the
    longest task of the page meanwhile, None where its tasks are not told. `codes` are the typed errors."""

    kind: Literal["settlements"] = "settlements"
    codes: tuple[str, ...]
    calls: tuple[Settlement, ...]
    longest: float | None


@dataclass(frozen=True, kw_only=True)
class Replies(Observation):
    """The replies of the main process: to how many calls, and to how many of these more than one."""

    kind: Literal["replies"] = "replies"
    number: int
    twice: int


@dataclass(frozen=True, kw_only=True)
class HeldSession(Observation):
    """Which session the main process holds: its `number`, the account, the handle of its token, and what came of asking
    for data. `late`: answers of the issuer that were kept back until then."""

    kind: Literal["held_session"] = "held_session"
    signed_in: bool
    account: str
    number: int
    handle: str
    data: str
    late: int = 0


@dataclass(frozen=True, kw_only=True)
class ShellState(Observation):
    """A desktop shell as it is: `alive`, whether its main process runs and follows commands; `uncaught`, how many
    exceptions nobody caught there; `windows`, the URLs that they show; `opened`, how often the system's browser was
    asked for; `clean`, whether the page's `Object.prototype` is as it was. `contracts` are digests by side."""

    kind: Literal["shell_state"] = "shell_state"
    alive: bool
    signed_in: bool | None
    account: str = ""
    windows: tuple[str, ...] = ()
    clean: bool = True
    uncaught: int = 0
    refusals: tuple[str, ...] = ()
    contracts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Openings(Observation):
    """What came of a page's wish to go elsewhere. `asked` are the addresses; `opened`, the URLs that the system's
    browser was then asked for; `windows`, what the windows showed at some time since; `came`, how many requests came to
    a server that is no business of theirs. `issuer` and `help` may be opened; `refusals` are lines of the log. `own`
    are patterns of the addresses that windows may show."""

    kind: Literal["openings"] = "openings"
    asked: tuple[str, ...]
    opened: tuple[str, ...]
    windows: tuple[str, ...]
    issuer: str
    help: tuple[str, ...]
    came: int = 0
    refusals: tuple[str, ...] = ()
    own: tuple[str, ...] = ("app://shell/*",)


@dataclass(frozen=True, kw_only=True)
class ShellProcess(Observation):
    """A shell as users start it, in an environment that would open it up. `settings` are the effective settings by
    window; `renderers`, how the system confines each of its renderer processes; `flags`, arguments of its processes
    that take protection away; `listening`, its TCP sockets; `ran`, whether it ran code that it was not made of.
    `tried` is by what it was to be opened up. `looked_at`: `settings` as the main process tells them, or the
    `behaviour` of pages."""

    kind: Literal["shell_process"] = "shell_process"
    started: bool
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    renderers: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    listening: tuple[str, ...] = ()
    ran: bool = False
    tried: tuple[str, ...] = ()
    looked_at: str = "settings"


@dataclass(frozen=True, kw_only=True)
class HandedToken(Observation):
    """What the main process gave to the page: `outcome`, `value` or the code of an error; `told`, the seconds of life
    that it named, and `left`, those until the end that stands in the token itself (None where none can be read)."""

    kind: Literal["handed_token"] = "handed_token"
    outcome: str
    told: float | None = None
    left: float | None = None


@dataclass(frozen=True, kw_only=True)
class Destinations(Observation):
    """Where a client's requests went. `came` are those that an attacker's listener got, `credentials` how many of these
    carried a credential of the client, and `noticed`, whether the listener sees who comes. `arrived` counts requests
    with such a credential by host; `configured` are the hosts that the client was configured for."""

    kind: Literal["destinations"] = "destinations"
    came: tuple[str, ...]
    credentials: int
    noticed: bool
    arrived: Mapping[str, int]
    configured: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AfterLogout(Observation):
    """A desktop after a logout. `in_flight`: what came of a request for data that was under way; `before` counts the
    requests with credentials of the session until then, by path, and `late` those that came after `bound` seconds.
    `calls` are what windows then asked for. `held` are marks of tokens that objects of the main process hold, of
    `searched` strings; `planted_found`: a string that it must hold was found the same way."""

    kind: Literal["after_logout"] = "after_logout"
    in_flight: str
    before: Mapping[str, int]
    late: tuple[str, ...]
    bound: float
    watched: float
    calls: tuple[BridgeCall, ...]
    held: tuple[str, ...]
    searched: int
    planted_found: bool


@dataclass(frozen=True, kw_only=True)
class ShellNotes(Observation):
    """The notes that windows show to a user: `own`, whether his own are there; `foreign`, in which windows another's
    are."""

    kind: Literal["shell_notes"] = "shell_notes"
    own: bool
    foreign: tuple[str, ...]
