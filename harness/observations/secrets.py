"""What a process asked of a store of secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["SecretAccess"]


@dataclass(frozen=True, kw_only=True)
class SecretAccess(Observation):
    """What was read, or tried to be read, from the secret store: each name or path asked for, and each name answered,
    in order. `namespace` is what the names of the process's own stage begin with, `others` those of other stages."""

    kind: Literal["secret-access"] = "secret-access"
    namespace: str
    others: tuple[str, ...]
    names: tuple[str, ...]
