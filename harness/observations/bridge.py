"""The desktop shell and its sign-ins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["SocketTable"]


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
