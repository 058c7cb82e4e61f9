"""The reference's desktop shell, started as users start it: without a debugging port, in a hostile environment."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil

from harness.errors import NotHere, TargetError
from harness.machine.sandbox import as_user, can_sandbox
from harness.machine.shell import find_shell
from harness.observations.bridge import ShellProcess
from harness.observe import Recorder
from harness.targets.reference_child import ChildGone, DesktopChild, desktop_command
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_running_shell import FILES, PATIENCE, free_port
from harness.targets.reference_situations import NO_BUS, prepare

__all__ = ["ReferenceShellLaunch"]

UNSAFE = (
    "--no-sandbox",
    "--disable-web-security",
    "--remote-debugging",
    "--disable-site-isolation",
    "--single-process",
)
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
            environment |= {"QT_QPA_PLATFORM": "offscreen", **_hostile(str(startup))}
            try:
                child = DesktopChild([*as_user(), *command], environment, str(surroundings.folder))
            except ChildGone as gone:
                told = ShellProcess(case=case, about={**about, "error": str(gone)}, started=False)
                return self._recorder.record(told)
            try:
                return self._recorder.record(ShellProcess(case=case, about=about, started=True, **self._seen(child)))
            finally:
                child.stop()

    def _seen(self, child: DesktopChild) -> dict[str, Any]:
        for window in FILES:
            child.ask(do="open", window=window)
        end = monotonic() + PATIENCE
        while len(settings := child.ask(do="windows").get("windows", {})) < len(FILES) and monotonic() < end:
            sleep(0.1)
        processes = list(_tree(child.pid))
        while not (renderers := _renderers(processes)) and monotonic() < end:
            sleep(0.1)
            processes = list(_tree(child.pid))
        arguments = {argument for process in processes for argument in _arguments(process)}
        listening = tuple(sorted({at for process in processes for at in _listening(process)}))
        child.ask(do="quit")
        child.say(CODE)
        return {
            "settings": {window: {k: str(v) for k, v in told.items()} for window, told in settings.items()},
            "renderers": tuple(_confinement(process) for process in renderers),
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


def _tree(pid: int) -> Iterator[psutil.Process]:
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        yield root
        yield from root.children(recursive=True)


def _arguments(process: psutil.Process) -> list[str]:
    """None of a process that has ended. Raises TargetError where the system does not tell."""
    try:
        return [word for argument in process.cmdline() for word in argument.split()]
    except psutil.NoSuchProcess:  # a zombie is one too
        return []
    except psutil.Error as error:
        raise TargetError(f"the arguments of a process of the shell cannot be read: {error}") from error


def _renderers(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those of type renderer; on Linux they are children of the zygote, and keep its arguments."""
    zygotes = {process.pid for process in processes if "--type=zygote" in _arguments(process)}
    found = []
    for process in processes:
        with suppress(psutil.Error):
            if "--type=renderer" in _arguments(process) or (process.pid in zygotes and process.ppid() in zygotes):
                found.append(process)
    return [one for one in found if one.is_running() and not any(_parent(other) == one.pid for other in found)]


def _parent(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.ppid())
    return 0


def _confinement(process: psutil.Process) -> str:
    """What the system tells of it: on Linux the mode of its filter of system calls; elsewhere its arguments only."""
    if sys.platform != "linux":
        return "not confined" if "--no-sandbox" in _arguments(process) else "confined, as its arguments say"
    with suppress(OSError), Path(f"/proc/{process.pid}/status").open(encoding="utf-8") as status:
        told = dict(line.split(":\t", 1) for line in status.read().splitlines() if ":\t" in line)
        return "confined" if told.get("Seccomp") == "2" else "not confined"
    return "gone"


def _listening(process: psutil.Process) -> list[str]:
    """Nowhere where a process has ended. Raises TargetError where the system does not tell: no port seen is none open
    only if it could be seen."""
    try:
        found = process.net_connections(kind="tcp")
    except psutil.NoSuchProcess:
        return []
    except psutil.Error as error:
        raise TargetError(f"the ports of a process of the shell cannot be listed: {error}") from error
    return [f"{one.laddr.ip}:{one.laddr.port}" for one in found if one.status == psutil.CONN_LISTEN]
