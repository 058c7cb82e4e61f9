"""A client that can be switched to another stage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from harness.observations import StoreListing, StoreOperation, StoreState
from harness.observations.switching import StageSwitch

__all__ = ["StageSwitching"]


class StageSwitching(Protocol):
    """A client that knows several stages, with work of its own beside its user. Every request that reaches a host of
    any stage meanwhile is recorded, about role tap, the stage of the host, and the host."""

    def start(self, case: str) -> StoreState:
        """Start it; where it runs, it is ended first."""

    def log_in(self, case: str) -> StoreState:
        """At the stage that it is at."""

    def work(self, case: str) -> None:
        """Let it work beside its user for some rounds; where somebody is signed in, until it has called the API."""

    def switch(self, case: str, to: str) -> StageSwitch:
        """Choose a stage in the settings, and confirm it where one is asked."""

    def entries(self, case: str) -> StoreListing:
        """All that it has stored, as another program lists it."""

    def keep_apart(self, case: str, stages: Sequence[str]) -> Collection[StoreOperation]:
        """Store each item for the same account at each stage, read all, clear the last stage, read the others."""

    def close(self) -> None: ...
