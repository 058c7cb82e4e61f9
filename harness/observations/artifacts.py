"""What was packed into a build's artifacts, and what the build said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.observations.base import Observation

__all__ = ["ArtifactValues", "FoundValue"]


@dataclass(frozen=True)
class FoundValue:
    """A value of a stage, found in an artifact: whose it is, what it names (`issuer host`), and in which file."""

    stage: str
    what: str
    place: str


@dataclass(frozen=True, kw_only=True)
class ArtifactValues(Observation):
    """A search of an artifact for the public values of every stage: `about` names stage and artifact; `searched` maps a
    stage to what was looked for. `planted_found`: values planted in a copy were found the same way."""

    kind: Literal["artifact-values"] = "artifact-values"
    sha256: str
    bytes: int
    files: int
    searched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    found: tuple[FoundValue, ...] = ()
    planted_found: bool = False
