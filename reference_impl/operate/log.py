"""The operations log: one JSON line when an operation begins, one when it has ended. No secret stands in it.

Lines are only ever added, each by one write. Where it must not be forged, ship it off the machine as it grows.
"""

from __future__ import annotations

import getpass
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reference_impl.clock import Clock
from reference_impl.config import ConfigurationError
from reference_impl.config.variables import OPERATIONS_LOG


@dataclass(frozen=True)
class Entry:
    """An operation under way."""

    log: OperationsLog
    identifier: str

    def end(self, outcome: str, told: object) -> None:
        """Note how it ended."""
        self.log.add({"id": self.identifier, "at": self.log.clock.now(), "outcome": outcome, "told": told})


@dataclass(frozen=True)
class OperationsLog:
    """The log at ``path``; ``clock`` gives seconds since the epoch."""

    path: Path
    clock: Clock

    @classmethod
    def of_environment(cls, environ: Mapping[str, str], clock: Clock) -> OperationsLog:
        """Return the log that the environment names. Raises ConfigurationError: nothing is done without one."""
        named = OPERATIONS_LOG.read(environ)
        if not named:
            raise ConfigurationError(f"{OPERATIONS_LOG.name} is not set: it is {OPERATIONS_LOG.meaning}")
        return cls(Path(named), clock)

    def begin(self, operator: str, action: str, values: Mapping[str, object]) -> Entry:
        """Note who begins what, before anything is changed. Raises OSError where that cannot be noted."""
        entry = Entry(self, str(uuid.uuid4()))
        who = {"operator": operator, "system_user": getpass.getuser()}
        self.add({"id": entry.identifier, "at": self.clock.now(), **who, "action": action, "values": dict(values)})
        return entry

    def lines(self) -> list[str]:
        """Return what has been noted, oldest first."""
        return self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []

    def add(self, line: Mapping[str, object]) -> None:
        """Add one line, and have it on the disk."""
        data = (json.dumps(line) + "\n").encode()
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, data)
            os.fsync(file)
        finally:
            os.close(file)
