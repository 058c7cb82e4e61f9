"""What became of requests that other sites had a user's browser send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["CrossSiteAttempt", "ReceivedRequest"]


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as the client's server received it, and its answer's status. `cookie`: it bore the session's cookie."""

    method: str
    path: str
    status: int
    cookie: bool
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class CrossSiteAttempt(Observation):
    """An action of the session that somebody else's page, or the user's own, has the browser send. `sender` is where
    the page is: `cross-site`, `sibling` (another name of the same site), `null` (no origin), `own`, or `unnamed` (a
    request with the cookie that says nothing of its sender, or something else). `way` is by what means, `action` what
    it was to do. `received`: what came to the client's server meanwhile. `changed`: what of the session's state was
    different afterwards."""

    kind: Literal["cross-site"] = "cross-site"
    sender: str
    way: str
    action: str
    received: tuple[ReceivedRequest, ...]
    changed: tuple[str, ...] = ()
