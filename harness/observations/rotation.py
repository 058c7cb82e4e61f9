"""What an operator's rotation announced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.observations.base import Observation

__all__ = ["RotationPlan"]


@dataclass(frozen=True, kw_only=True)
class RotationPlan(Observation):
    """What a rotation of `secret` announced: the generation that is used from `used_from` on, and until when each old
    one is good. Generations are named, not shown. Times are seconds since the epoch by the target's clock, `at` when it
    was announced."""

    kind: Literal["rotation"] = "rotation"
    secret: str
    generation: str
    at: float
    used_from: float
    ending: Mapping[str, float] = field(default_factory=dict)
