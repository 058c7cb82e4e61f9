"""The harness itself as a target: `self`, for the controls about its own evidence."""

from __future__ import annotations

from collections.abc import Sequence

from harness import __version__
from harness.faults.registry import Fault
from harness.machine.session import PrivateSession
from harness.observe import Recorder
from harness.ports import Configuration, Rehearsal, validating
from harness.targets.base import BaseTarget
from harness.targets.itself_configuration import ItselfConfiguration
from harness.targets.itself_rehearsal import RehearsedEvidence

__all__ = ["ItselfTarget"]


class ItselfTarget(BaseTarget):
    """`self`, with the faults that concern parts of the harness."""

    name = "self"
    version = __version__

    def __init__(self, machine: PrivateSession, faults: Sequence[Fault] = ()) -> None:
        self.machine, self.faults = machine, tuple(faults)

    def configuration(self, recorder: Recorder) -> Configuration:
        return validating(Configuration, ItselfConfiguration(self.machine, self.faults, recorder))

    def rehearsal(self, recorder: Recorder) -> Rehearsal:
        return validating(Rehearsal, RehearsedEvidence(self.machine, self.faults, recorder))
