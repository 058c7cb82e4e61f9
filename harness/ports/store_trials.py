"""The session store in processes of its own, which may be killed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from harness.observations import KilledRotations, KillTable, MoveTable, Resumptions, StoreHistory, StoreListing
from harness.observations.switching import KilledSwitches

__all__ = ["StoreTrials"]


class StoreTrials(Protocol):
    """Each trial begins with an empty store of its own."""

    def set_killed(self, case: str, in_parts: bool) -> KillTable:
        """Store a value over another, and be killed at each point. `in_parts`: both are larger than an entry."""

    def set_sizes(self, case: str, sizes: Sequence[int], letters: Sequence[str], where: str) -> StoreListing:
        """Store values of these sizes, in characters of `letters` ("ASCII", "4-byte Unicode"), over one that is there,
        in a back end with entries as small as a Credential Locker's; read them by another process; clear them.

        Recorded are a set and a get of each, and the entries of the back end before the clearing, `<case>: kept`; given
        is what the clearing left. `where`: "system", in the system's own store; "files", in encrypted files.
        """

    def race(self, case: str, operations: int) -> StoreHistory:
        """Let two processes of four threads make so many operations each thread."""

    def rotations_killed(self, case: str, stage: str, tokens: Sequence[str]) -> KilledRotations:
        """Let clients of a stage refresh with these tokens, each of a session of its own, and call the API; be killed
        at the steps from the issuer's answer to the API's."""

    def resume_killed(self, case: str, every: str) -> Resumptions:
        """Start the `first`, third, … or the `second`, fourth, … of them again, and let it call the API."""

    def switches_killed(self, case: str, of: str, to: str, tokens: Sequence[str]) -> KilledSwitches:
        """Have clients of the stage `of` that hold these refresh tokens, each of a session of its own, go to the stage
        `to`; kill them at each step, and start them again. The first one shows where the steps are."""

    def move(self, case: str, source: str, held: str, *, disturbed: bool) -> MoveTable:
        """Let a client find a sign-in in `local storage`, in `encrypted files` or in its `memory`, and a better store
        that holds `nothing`, `an older value` or `a newer value` of it; start it again. `disturbed`: once more for each
        step that fails, and for each point at which the client is killed."""

    def close(self) -> None: ...
