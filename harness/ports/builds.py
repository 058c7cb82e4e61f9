"""Clients as they are packed, which somebody tries to lead elsewhere."""

from __future__ import annotations

from typing import Protocol

from harness.observations.builds import PackedLogin, StageSelector

__all__ = ["PackedClients"]


class PackedClients(Protocol):
    """The clients of production as they are packed, and an internal build, under attacks."""

    def attack_desktop(self, case: str) -> PackedLogin:
        """Start the desktop with everything that might re-point it, and begin a login in every way."""

    def attack_web(self, case: str) -> PackedLogin: ...

    def select(self, case: str) -> StageSelector:
        """Try an internal build's selector with its own stages and with other values, by message and by form."""
