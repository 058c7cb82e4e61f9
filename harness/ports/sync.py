"""What a target's operators, and accidents, do to a server that clients sync with."""

from __future__ import annotations

from typing import Protocol

from harness.observations import StoredData

__all__ = ["SyncServer"]


class SyncServer(Protocol):
    """Behind the push and pull of one stage's API. Tokens are access tokens of users."""

    def stored(self, case: str) -> StoredData:
        """What the server has stored, once what goes on beside requests has come to rest."""

    def fails_before_acknowledging(self) -> None:
        """The next mutation has its effect, and then the server's process fails before it is acknowledged."""

    def new_workspace(self, token: str) -> str:
        """The name of a workspace that this user has made, and whose only member he is."""

    def set_member(self, workspace: str, token: str, member_token: str, active: bool) -> None:
        """Let a member of a workspace take in another user, or end his membership."""
