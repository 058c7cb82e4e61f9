"""What the page of the reference's shell lets happen."""

from __future__ import annotations

from harness.observe import Recorder
from harness.probes.shell_injection import ShellInjection
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_running_shell import RunningShell

__all__ = ["ReferenceShellPolicy"]


class ReferenceShellPolicy(ShellInjection):
    """The shell of a stage, after the port `shell` has put it in order."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        shell = RunningShell.of(target, stage)
        about = {"stage": stage, "client": "desktop shell"}
        super().__init__(lambda: shell.page("main"), lambda: shell.reload("main"), recorder, about)
