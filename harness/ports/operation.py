"""The target as a process, what is written down about it, and the harness's own rehearsal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from harness.observations import AuditResult, LifetimeTable, ProcessRun, SecretScan, StatusTable
from harness.ports.issuer import Issuer

__all__ = ["Artifacts", "Documentation", "Process", "Rehearsal"]


class Process(Protocol):
    """The target's server as a process of its own, one stage at a time."""

    def start(self, case: str, stage: str | None) -> ProcessRun:
        """Start with this configured stage (None: unset), wait at most 10 s until it is ready or has ended, stop it.
        While it runs, its discovery and token endpoint are asked under the same case."""

    def secrets(self) -> Sequence[str]:
        """The logical names of the secrets that a start needs."""

    def start_without(self, stage: str, lacking: Mapping[str, tuple[str, str]]) -> None:
        """Start a stage once for each case of `lacking`, without the secret that it names, which is `missing` or
        `empty` in a store that holds all secrets of all stages, and stop it. Beside what `start` records: which names
        were asked of the store, and a search for every secret in all that the process said."""

    def serve(self, stage: str) -> Issuer:
        """Start one stage and leave it running until `kill`."""

    def scan_output(self, case: str) -> SecretScan:
        """Search what the process that serves has written to its standard streams so far."""

    def kill(self) -> None:
        """End the running process at once, as SIGKILL does."""

    def restart(self) -> None:
        """Start the killed process again, with the same configuration and database."""

    def bus_away(self) -> None:
        """From now on the running process does not reach its bus, also after a restart."""

    def bus_back(self) -> None:
        """It reaches it again; returns when all that it kept has been published."""

    def close(self) -> None: ...


class Artifacts(Protocol):
    """Builds of the target's clients, by its own packer, on a machine that holds canaries as secrets of every stage."""

    def build(self, case: str, stage: str) -> None:
        """Build all clients of a stage. Recorded for each artifact: a search for secrets, and one for values that
        belong to one stage; and as `<case>: log` a search of what the build said."""


class Documentation(Protocol):
    """What the target's operators have written down about it."""

    def lifetimes(self, case: str, stage: str) -> LifetimeTable: ...


class Rehearsal(Protocol):
    """A small run of the harness itself, made by another process, and what becomes of its evidence."""

    def run(self, case: str) -> StatusTable:
        """Make the run; the first one is what `audit` and `scan` look at."""

    def audit(self, case: str) -> AuditResult:
        """Audit a copy of the evidence after the change that `case` names."""

    def scan(self, case: str) -> SecretScan: ...

    def close(self) -> None: ...
