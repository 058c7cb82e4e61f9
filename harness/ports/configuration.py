"""The configuration of the product itself: what its code reads, and what its documentation says."""

from __future__ import annotations

from typing import Protocol

from harness.observations import ConfigurationComparison

__all__ = ["Configuration"]


class Configuration(Protocol):
    """Compares the repository, or a branch of it that differs in one thing."""

    def compare(self, case: str) -> ConfigurationComparison:
        """The repository as it stands, with what its programs read when they are started."""

    def compare_branch(self, case: str, change: str) -> ConfigurationComparison:
        """A copy in which `change` was made: `an undocumented read` or `an orphan in the documentation`."""
