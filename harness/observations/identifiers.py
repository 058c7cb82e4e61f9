"""Identifiers of sessions, before and after somebody signs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["IdentifierTrial"]


@dataclass(frozen=True, kw_only=True)
class IdentifierTrial(Observation):
    """A sign-in in a browser that held these identifiers before (marks): `planted` by somebody who knows them, or its
    own `earlier` ones. `after`: the identifiers that the session has now. `accepted`: those of before that the client
    still takes for a signed-in session when they come alone. `signed_in`: that the sign-in ended well."""

    kind: Literal["identifiers"] = "identifiers"
    planted: tuple[str, ...]
    earlier: tuple[str, ...]
    after: tuple[str, ...]
    accepted: tuple[str, ...]
    signed_in: bool
