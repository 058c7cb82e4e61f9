"""What was searched, audited and stated: secrets, bundles, documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.observations.base import Observation

__all__ = ["AuditResult", "DocumentedLifetime", "Hit", "LifetimeTable", "SecretScan", "StatusTable"]


@dataclass(frozen=True)
class Hit:
    """A secret found: where, its mark, and how it was encoded."""

    place: str
    mark: str
    transform: str = ""


@dataclass(frozen=True, kw_only=True)
class SecretScan(Observation):
    """A search for every secret known: places and bytes searched, kinds looked for, hits by place; `planted_found`
    tells that a secret planted for the purpose was found the same way."""

    kind: Literal["scan"] = "scan"
    places: tuple[str, ...]
    bytes: int
    kinds: tuple[str, ...]
    hits: tuple[Hit, ...]
    planted_found: bool


@dataclass(frozen=True)
class DocumentedLifetime:
    """A lifetime as the documentation states it, in seconds, with the justification beside it ("" where none is)."""

    seconds: float
    justification: str = ""


@dataclass(frozen=True, kw_only=True)
class LifetimeTable(Observation):
    """The lifetimes that a target documents. `limits` has `access_token`, `refresh_idle`, `refresh_absolute`,
    `reuse_grace`, and of sessions of a web client `web_idle` and `web_absolute`, as far as something is written;
    `source` says where, `assurance` the level claimed (NIST SP 800-63B-4: AAL1 or AAL2)."""

    kind: Literal["lifetimes"] = "lifetimes"
    stage: str
    source: str
    limits: Mapping[str, DocumentedLifetime]
    assurance: str = ""


@dataclass(frozen=True, kw_only=True)
class AuditResult(Observation):
    """What an audit said of a bundle after the change that `case` names."""

    kind: Literal["audit"] = "audit"
    changed: str
    holds: bool
    places: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StatusTable(Observation):
    """What a bundle says of each expectation × cell: `statuses` maps `expectation@cell` to all verdicts given;
    `declared` are the pairs that its plan names; `scenario_ends` maps a scenario to how it ended; `digests` maps
    scenarios and files to SHA-256."""

    kind: Literal["statuses"] = "statuses"
    declared: tuple[str, ...]
    statuses: Mapping[str, tuple[str, ...]]
    scenario_ends: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
