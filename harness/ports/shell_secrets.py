"""What of a desktop shell's secrets gets into its renderers."""

from __future__ import annotations

from typing import Protocol

from harness.observations import SecretScan
from harness.observations.bridge import HandedToken

__all__ = ["ShellSecrets"]


class ShellSecrets(Protocol):
    """The shell that the scenario uses. Secrets are those that came into being since the port was opened."""

    def hand_out(self, case: str) -> HandedToken:
        """Have the page ask for an access token."""

    def refresh(self, times: int) -> None: ...

    def refuse_refreshes(self, refuse: bool) -> None:
        """Whether the issuer answers refreshes by errors."""

    def open_window(self, window: str) -> None: ...

    def reload(self) -> None:
        """Load the main window's page anew."""

    def search(self, case: str) -> SecretScan:
        """Search what crossed the bridge since the last search, and memory, storages and address of each window."""

    def errors(self, case: str) -> SecretScan:
        """Search all errors that crossed the bridge; `about["errors"]` tells how many did."""

    def close(self) -> None: ...
