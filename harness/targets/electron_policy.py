"""What the page of somebody else's shell lets happen."""

from __future__ import annotations

from harness.observe import Recorder
from harness.probes.shell_injection import ShellInjection
from harness.targets.electron_running import RunningElectron

__all__ = ["ElectronPolicy"]


class ElectronPolicy(ShellInjection):
    """The shell, after the port `shell` has put it in order."""

    def __init__(self, shell: RunningElectron, recorder: Recorder, stage: str) -> None:
        about = {"stage": stage, "client": "desktop shell"}
        super().__init__(lambda: shell.main, shell.reload, recorder, about)
