"""What was seen of a web client's settings, and of what they lead internal users to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.observations.base import Observation

__all__ = ["DebugPanel", "MarkerSearch", "ToolsTrial"]


@dataclass(frozen=True, kw_only=True)
class ToolsTrial(Observation):
    """One `way` to environment selector and debug information. `statuses`: what was answered, by what was asked (303
    for a redirect that was not followed); `nodes`: what of both was found in the page, hidden or not; `shown`:
    whether that page was the settings; `seconds`: how long the page had been open, as it counts."""

    kind: Literal["tools trial"] = "tools trial"
    way: str
    statuses: Mapping[str, int] = field(default_factory=dict)
    nodes: tuple[str, ...] = ()
    shown: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class DebugPanel(Observation):
    """What a debug page shows: its `fields` by name, and what it says of each environment variable."""

    kind: Literal["debug panel"] = "debug panel"
    fields: Mapping[str, str]
    variables: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class MarkerSearch(Observation):
    """What makes up selector and debug page (`searched`), looked for in the artifacts of a build: `found` in a
    production build, as `artifact: marker`, and `control` in an internal one."""

    kind: Literal["markers"] = "markers"
    searched: tuple[str, ...]
    found: tuple[str, ...]
    control: tuple[str, ...]
