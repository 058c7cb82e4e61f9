"""Any desktop application on Chromium as a target, by its description: it is looked into by its debugging port.

What needs the application's cooperation (messages past the preload, sign-ins in the system's browser, its logs) is not
offered, and so not run.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import TargetError
from harness.machine.session import PrivateSession
from harness.observe import Recorder
from harness.ports import validating
from harness.ports.shell import DesktopShell
from harness.ports.shell_outside import ShellLaunch, ShellOutside
from harness.ports.shell_policy import ShellPolicy
from harness.ports.shell_secrets import ShellSecrets
from harness.redact import Redactor
from harness.targets.base import BaseTarget, Leave
from harness.targets.electron_description import ShellDescription
from harness.targets.electron_launch import ElectronLaunch
from harness.targets.electron_outside import ElectronOutside
from harness.targets.electron_policy import ElectronPolicy
from harness.targets.electron_running import RunningElectron
from harness.targets.electron_secrets import ElectronSecrets
from harness.targets.electron_shell import ElectronShell

__all__ = ["ElectronTarget"]


class ElectronTarget(BaseTarget):
    """A shell behind the ports. A failure is confirmed by another start of it."""

    confirms = True

    def __init__(
        self, description: ShellDescription, machine: PrivateSession, redactor: Redactor, leave: Leave | None = None
    ) -> None:
        """Nothing is started before a scenario asks for it."""
        self.description, self.machine, self.redactor = description, machine, redactor
        # A function that is called may do anything: nothing is called where the run only reads.
        self._calls = bool(description.command) and not (leave or Leave()).read_only
        self.name, self.version = description.name, description.version
        self.stages: Sequence[str] = (description.stage,)
        self.declared_absent, self.remedies = description.absent, description.remedies
        self.expected_failures = description.expected_failures
        self._running: dict[int, RunningElectron] = {}
        self._failed: dict[int, TargetError] = {}
        for kind, value in description.held.items():
            redactor.register(value, kind)
        redactor.publish(description.page, *description.pages, *description.hosts)

    def client_of_trial(self, trial: int) -> str:
        again = "a new connection" if self.description.debugging else "another start"
        return "a start" if trial == 1 else again

    def running(self, trial: int) -> RunningElectron:
        """The shell of a trial, started when first asked for. Raises TargetError; where it does not start, it is not
        started again for each scenario."""
        if trial in self._failed:
            raise self._failed[trial]
        found = self._running.get(trial)
        try:
            if found is None:
                self._running[trial] = RunningElectron(self.description, self.machine)
            elif found.process is not None and found.process.poll() is not None:
                found.begin()
        except TargetError as error:
            self._failed[trial] = error
            raise
        return self._running[trial]

    def shell(self, stage: str, recorder: Recorder) -> DesktopShell:
        return validating(DesktopShell, ElectronShell(self.running(recorder.trial), recorder, stage, self._calls))

    def shell_outside(self, stage: str, recorder: Recorder) -> ShellOutside:
        return validating(ShellOutside, ElectronOutside(self.running(recorder.trial), recorder, stage))

    def shell_secrets(self, stage: str, recorder: Recorder) -> ShellSecrets:
        running = self.running(recorder.trial)
        return validating(ShellSecrets, ElectronSecrets(running, self.redactor, recorder, stage))

    def shell_policy(self, stage: str, recorder: Recorder) -> ShellPolicy:
        return validating(ShellPolicy, ElectronPolicy(self.running(recorder.trial), recorder, stage))

    def shell_launch(self, stage: str, recorder: Recorder) -> ShellLaunch:
        running = self.running(recorder.trial)
        return validating(ShellLaunch, ElectronLaunch(running, self.machine, recorder, stage))

    def close(self) -> None:
        while self._running:
            self._running.popitem()[1].close()
