"""What a page let happen that somebody smuggled into it, and who may frame it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["PolicyTrial"]


@dataclass(frozen=True, kw_only=True)
class PolicyTrial(Observation):
    """Something that a page's policy is to forbid (`what`), tried at `page`. `happened`: it did; `reported`: the
    directives whose violation the browser told the page; `possible`: on a page without a policy the same happened."""

    kind: Literal["page-policy"] = "page-policy"
    what: str
    page: str
    happened: bool
    possible: bool
    reported: tuple[str, ...] = ()
