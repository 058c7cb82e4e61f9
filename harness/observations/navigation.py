"""Where a browser went on its way through a login, and what it told others of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["NavigationTrail", "SentRequest"]


@dataclass(frozen=True)
class SentRequest:
    """A request that a browser made: its URL with the fragment, the page that it was made for, and its Referer, ""
    where it had none. `foreign`: it goes to a host that is neither the web application's nor the issuer's."""

    url: str
    page: str
    referer: str
    foreign: bool


@dataclass(frozen=True, kw_only=True)
class NavigationTrail(Observation):
    """All requests of a browser since the last look, its history, and the address that it shows. `redemptions`: how
    many requests for tokens came to the issuer meanwhile."""

    kind: Literal["navigation"] = "navigation"
    requests: tuple[SentRequest, ...]
    history: tuple[str, ...]
    location: str
    redemptions: int
