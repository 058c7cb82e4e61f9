"""What code reads of its configuration, and what is written down about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["ConfigurationComparison"]


@dataclass(frozen=True, kw_only=True)
class ConfigurationComparison(Observation):
    """How the documented configuration differs from what the code of a tree reads. `changed` names the variable by
    which the tree was made to differ, "" where it is as it stands. `read` and `documented` count; `at_run_time` names
    what a started program read."""

    kind: Literal["configuration"] = "configuration"
    changed: str
    read: int
    documented: int
    undocumented: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    at_run_time: tuple[str, ...] = ()
    undocumented_at_run_time: tuple[str, ...] = ()
