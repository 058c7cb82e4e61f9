"""How a packed client behaved when somebody tried to lead it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.observations.base import Observation

__all__ = ["PackedLogin", "StageSelector"]


@dataclass(frozen=True, kw_only=True)
class PackedLogin(Observation):
    """A login begun at a packed client under the attacks that `attacks` names. `login` is where it sent its user: an
    origin, "" where it began none; `configured` where its build says; `connections` is what reached the attacker,
    and `listened` tells that a connection of the harness's own did."""

    kind: Literal["packed-login"] = "packed-login"
    attacks: tuple[str, ...]
    started: bool
    configured: str
    login: str
    connections: int
    listened: bool
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class StageSelector(Observation):
    """The selector of a build that may be switched: what it offers, and what came of each value that was tried: `ok`,
    else the type of the error. `stages` are those that were compiled in; `before` and `after` the stage that it was at
    around the values that it must refuse."""

    kind: Literal["stage-selector"] = "stage-selector"
    stages: tuple[str, ...]
    offered: tuple[str, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    before: str = ""
    after: str = ""
