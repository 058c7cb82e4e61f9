"""The desktop shell and its sign-ins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.observations.base import Observation

__all__ = ["BridgeCall", "BridgeCalls", "ShellState", "SocketTable", "Surface"]


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
    `callbacks` tells what callbacks were given, one line each argument, and `called` how often they were called."""

    kind: Literal["surface"] = "surface"
    declared: tuple[str, ...]
    seen: tuple[str, ...]
    further: tuple[str, ...] = ()
    reachable: tuple[str, ...] = ()
    frozen: bool = False
    channels: tuple[str, ...] = ()
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
