"""Where a desktop shell sends its credentials."""

from __future__ import annotations

from typing import Protocol

from harness.observations.bridge import Destinations

__all__ = ["ShellCredentials"]


class ShellCredentials(Protocol):
    """The shell that the scenario uses, and an attacker who listens. Credentials are those that came into being since
    the port was opened."""

    def attacker(self) -> str:
        """The URL at which the attacker listens."""

    def redirect(self, status: int) -> None:
        """Have the API answer by a redirect to the attacker from now on; 0: by itself again."""

    def work(self, case: str) -> Destinations:
        """Have the shell fetch data, refresh its tokens and fetch again; where all went since the last call."""

    def close(self) -> None: ...
