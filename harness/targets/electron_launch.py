"""Starts of somebody else's shell: what its pages may do, how its renderers are confined, and what opens it up."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic, sleep

from harness.machine.session import PrivateSession
from harness.observations import Absence
from harness.observations.bridge import ShellProcess
from harness.observe import Recorder
from harness.probes.shell_processes import UNSAFE, arguments_of, confined_renderers, listening_of, renderers_of, tree_of
from harness.probes.shell_reach import reach_of
from harness.targets.electron_running import RunningElectron, Surroundings, end, filled, free_port, start, surroundings

__all__ = ["ElectronLaunch"]

SETTLED = 3.0  # seconds after its renderers are there, in which a port that is to open would have
LOOKS = 5.0  # seconds in which each of its renderers must have confined itself
NODE_SECONDS = 8.0  # for what runs as Node and ends by itself
RAN = "authassay-ran"
NODE = "require('fs').writeFileSync({file}, '{ran}')"
AS_NODE = "ELECTRON_RUN_AS_NODE"
# What would open up a shell on Electron, on plain Chromium, on Qt.
ARGUMENTS = ("--inspect=127.0.0.1:{inspect}", "--remote-debugging-port={debug}")
ENVIRONMENT = {
    "NODE_OPTIONS": "--require={script}",
    "QTWEBENGINE_REMOTE_DEBUGGING": "127.0.0.1:{debug}",
    "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox --disable-web-security --remote-debugging-port={debug}",
    "QTWEBENGINE_DISABLE_SANDBOX": "1",
}


@dataclass(frozen=True)
class _Seen:
    """The fields of a ShellProcess that tell of its processes."""

    renderers: tuple[str, ...]
    flags: tuple[str, ...]
    listening: tuple[str, ...] = ()
    ran: bool = False
    tried: tuple[str, ...] = ()


class ElectronLaunch:
    """The shell as it runs, and starts of it as its users have it."""

    def __init__(self, running: RunningElectron, machine: PrivateSession, recorder: Recorder, stage: str) -> None:
        self._running, self._machine, self._recorder = running, machine, recorder
        self._about = {"stage": stage, "client": "desktop shell"}

    def start(self, case: str) -> ShellProcess:
        """What the running shell's page may do; and what comes of a start as its users start it, in an environment that
        would open it up. Of a shell that is not started here the running processes are looked at instead."""
        settings = {"main": reach_of(self._running.reload(), self._running.url, self._running.into.folder)}
        self._running.reload()
        if self._running.description.command:
            seen = self._hostile()
        else:
            reason = "it runs already, and its description does not say how it is started"
            self._recorder.record(Absence(case="absence", about=self._about, capability="start", reason=reason))
            seen = _Seen(*_processes(self._running.root()))
        return self._recorder.record(
            ShellProcess(
                case=case, about=self._about, started=True, looked_at="behaviour", settings=settings, **vars(seen)
            )
        )

    def _hostile(self) -> _Seen:
        """By arguments and environment; a shell that does not start with such arguments is started without them."""
        command, tried = list(self._running.description.released), [AS_NODE]
        with surroundings(self._machine) as into:
            ran = self._ran_as_node(command, into)
        for arguments in (ARGUMENTS, ()):
            with surroundings(self._machine) as into:
                ports = {name: free_port() for name in ("{inspect}", "{debug}")}
                script = into.folder / "required.js"
                script.write_text(NODE.format(file=json.dumps(str(into.folder / RAN)), ran=RAN))
                names = {"{script}": str(script), **{name: str(port) for name, port in ports.items()}}
                further = {name: filled(value, names) for name, value in ENVIRONMENT.items()}
                asked = [filled(argument, names) for argument in arguments]
                process = start([*command, *asked], into, {**self._environment(into), **further}, log="hostile")
                try:
                    listening = self._ports(process, set(ports.values()))
                    renderers, flags = _processes(process.pid)
                finally:
                    end(process)
                ran = ran or (into.folder / RAN).exists()
            tried += [*arguments] or [*ENVIRONMENT]
            if renderers or listening:
                return _Seen(renderers, flags, listening, ran, (*tried, *(ENVIRONMENT if arguments else ())))
        return _Seen((), (), (), ran, tuple(tried) if ran else ())

    def _environment(self, into: Surroundings) -> Mapping[str, str]:
        """What its description gives it, without what names the debugging port."""
        described = self._running.description.environment
        home = {"{home}": into.environment["HOME"]}
        return {name: filled(value, home) for name, value in described.items() if "{port}" not in value}

    def _ran_as_node(self, command: list[str], into: Surroundings) -> bool:
        mark = into.folder / "as-node"
        code = NODE.format(file=json.dumps(str(mark)), ran=RAN)
        further = {**self._environment(into), AS_NODE: "1"}
        process = start([*command[:1], "-e", code], into, further, log="as-node-log")
        until = monotonic() + NODE_SECONDS
        try:
            while not mark.exists() and process.poll() is None and monotonic() < until:
                sleep(0.05)
            return mark.exists()
        finally:
            end(process)

    def _ports(self, process: subprocess.Popen[bytes], asked: set[int]) -> tuple[str, ...]:
        """The ports, of those asked for, at which it listens once its windows are there."""
        until, settled, found = monotonic() + self._running.description.seconds, 0.0, set[str]()
        while monotonic() < until and process.poll() is None:
            processes = list(tree_of(process.pid))
            found |= {at for each in processes for at in listening_of(each) if int(at.rpartition(":")[2]) in asked}
            if renderers_of(processes):
                settled = settled or monotonic()
                if monotonic() - settled > SETTLED:
                    return tuple(sorted(found))
            sleep(0.1)
        return tuple(sorted(found))


def _processes(root: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How the renderers are confined, and the arguments that take protection away; a debugging port was asked for by
    whoever looks."""
    processes, confined = confined_renderers(root, LOOKS)
    flags = {word for process in processes for word in arguments_of(process) if word.startswith(UNSAFE)}
    return confined, tuple(sorted(word for word in flags if not word.startswith("--remote-debugging")))
