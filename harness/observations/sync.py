"""What was seen of a server that clients sync with, and of such clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["StoredData"]


@dataclass(frozen=True, kw_only=True)
class StoredData(Observation):
    """What a stage's server has stored: the rows of each table, and one digest over what clients sync. Events that wait
    for the bus, and events that were sent, are rows too."""

    kind: Literal["stored"] = "stored"
    rows: Mapping[str, int]
    digest: str
