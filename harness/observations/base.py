"""What every observation has, and what a run says of itself: absences, and the start of a second trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Absence", "Confirmation", "Observation"]


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
