"""What became of a sign-in that was moved from one place to a better one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["MovePoint", "MoveTable", "Read"]

Read = Literal["newest", "older", "other", "missing", "error"]


@dataclass(frozen=True)
class MovePoint:
    """One move, and the start after it. `place` is the line before which the client was killed, or the step that was
    interfered with; `ended` tells what was done to it there.

    `read` is what the same process reads afterwards, None where it was killed. `copies` are the places that hold the
    newest value then. Of the next start: what it reads, what the store itself holds, in which other places one of the
    values still lies, and the warning that the user is shown.
    """

    place: str
    ended: Literal["undisturbed", "killed", "failed", "altered", "missed"]
    read: Read | None
    copies: tuple[str, ...]
    resumed: Read
    stored: Read
    left: tuple[str, ...] = ()
    warning: str = ""


@dataclass(frozen=True, kw_only=True)
class MoveTable(Observation):
    """The same move, done once undisturbed, and once for each point. `source`: from where; `store`: what the store held
    before (`nothing`, `an older value`, `a newer value`). `steps` are those of the undisturbed move, in order; `mode`
    is the store's at the end. Where the source ends with its process, nobody is killed."""

    kind: Literal["moves"] = "moves"
    source: str
    store: str
    mode: str
    steps: tuple[str, ...]
    undisturbed: MovePoint
    points: tuple[MovePoint, ...] = ()
