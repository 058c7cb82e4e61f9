"""What is raised for a configuration that must not serve."""

from __future__ import annotations


class ConfigurationError(Exception):
    """A configuration that must not serve. ``faults``: one sentence each, without any secret value."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))
