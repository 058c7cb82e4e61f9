"""The reference's desktop shell, started as users start it: without a debugging port, in a hostile environment."""

from __future__ import annotations

import secrets
from time import monotonic, sleep
from typing import Any

from harness.errors import NotHere
from harness.machine.sandbox import as_user, can_sandbox
from harness.machine.shell import find_shell
from harness.observations.bridge import ShellProcess
from harness.observe import Recorder
from harness.probes.shell_processes import UNSAFE, arguments_of, confined_renderers, listening_of
from harness.targets.reference_child import ChildGone, DesktopChild, desktop_command
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_running_shell import FILES, PATIENCE, free_port
from harness.targets.reference_situations import NO_BUS, prepare

__all__ = ["ReferenceShellLaunch"]

ADDED = "--no-sandbox --disable-web-security --remote-debugging-port={port}"
CODE = "print('it ran ' + str(6 * 7))"
RAN = "it ran 42"
MEND = "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, and util-linux for unshare"


class ReferenceShellLaunch:
    """Each start is a process of its own, and ends with its observation."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        """Raises NotHere where there is no Qt, or no sandbox to be had."""
        find_shell()
        if not can_sandbox():
            raise NotHere("no user namespaces for Chromium's sandbox", MEND)
        self._target, self._stage, self._recorder = target, stage, recorder

    def start(self, case: str) -> ShellProcess:
        about = {"stage": self._stage, "client": "desktop shell"}
        with prepare(NO_BUS, self._target.machine, self._target.folder) as surroundings:
            app = f"authassay-{secrets.token_hex(4)}"
            _, environment = desktop_command(self._target, self._stage, app, surroundings)
            command = self._target.command("reference_impl.desktop.shell", *surroundings.arguments)
            startup = surroundings.folder / "startup.py"
            startup.write_text(CODE)
            hostile = _hostile(str(startup))
            environment |= {"QT_QPA_PLATFORM": "offscreen", **hostile}
            try:
                child = DesktopChild([*as_user(), *command], environment, str(surroundings.folder))
            except ChildGone as gone:
                told = ShellProcess(case=case, about={**about, "error": str(gone)}, started=False)
                return self._recorder.record(told)
            try:
                told = ShellProcess(case=case, about=about, started=True, tried=tuple(hostile), **self._seen(child))
                return self._recorder.record(told)
            finally:
                child.stop()

    def _seen(self, child: DesktopChild) -> dict[str, Any]:
        for window in FILES:
            child.ask(do="open", window=window)
        end = monotonic() + PATIENCE
        while len(settings := child.ask(do="windows").get("windows", {})) < len(FILES) and monotonic() < end:
            sleep(0.1)
        processes, confined = confined_renderers(child.pid, PATIENCE)
        arguments = {argument for process in processes for argument in arguments_of(process)}
        listening = tuple(sorted({at for process in processes for at in listening_of(process)}))
        child.ask(do="quit")
        child.say(CODE)
        return {
            "settings": {window: {k: str(v) for k, v in told.items()} for window, told in settings.items()},
            "renderers": confined,
            "flags": tuple(sorted(one for one in arguments if one.startswith(UNSAFE))),
            "listening": listening,
            "ran": any(RAN in line for line in (*child.heard, *child.said)),
        }


def _hostile(startup: str) -> dict[str, str]:
    """What of Qt's, Chromium's and Python's own variables would open the shell."""
    return {
        "QTWEBENGINE_REMOTE_DEBUGGING": f"127.0.0.1:{free_port()}",
        "QTWEBENGINE_CHROMIUM_FLAGS": ADDED.format(port=free_port()),
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "PYTHONINSPECT": "1",
        "PYTHONSTARTUP": startup,
    }
