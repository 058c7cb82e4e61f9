"""A native client whose sign-ins are answered at a loopback port (RFC 8252 §7.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from harness.observations import CallbackDelivery, Volley
from harness.observations.bridge import SocketTable

__all__ = ["Knock", "LoopbackLogin"]


@dataclass(frozen=True)
class Knock:
    """A request to the port of the sign-in under way. `path` "": that of the redirect URI; `host` "": the right one."""

    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "GET"
    path: str = ""
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class LoopbackLogin(Protocol):
    """One process of the client. The harness plays the system's browser, and whoever else can reach the port."""

    def start(self, case: str) -> SocketTable:
        """Start the client; no sign-in has begun."""

    def begin(self, case: str) -> str:
        """Begin a sign-in; the URL of its authorization request. The sockets are recorded."""

    def knock(self, case: str, knock: Knock) -> CallbackDelivery:
        """Send one request to the port. It, and token requests that follow, are recorded under `case` too."""

    def volley(self, case: str, count: int) -> Volley:
        """Send so many requests of garbage to the port, one after the other."""

    def cancel(self) -> None:
        """Give the sign-in up, as its user can."""

    def sockets(self, case: str, within: float) -> SocketTable:
        """Wait until the port of the last sign-in is closed, for at most `within` seconds."""

    def close(self) -> None: ...
