"""What the page of a desktop shell's main window lets happen."""

from __future__ import annotations

from typing import Protocol

from harness.observations import PolicyTrial

__all__ = ["ShellPolicy"]


class ShellPolicy(Protocol):
    """The shell that the scenario uses."""

    def inject(self, case: str, what: str) -> PolicyTrial:
        """Put this into the main window's page: `an inline script`, …"""

    def close(self) -> None: ...
