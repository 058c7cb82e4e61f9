"""What is tried of a described desktop shell before a run: each thing in one row, with what mends it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.errors import TargetError
from harness.machine.sandbox import can_sandbox
from harness.machine.session import PrivateSession
from harness.machine.tried import Tried, not_tried, well, wrong
from harness.probes import shell_scripts
from harness.targets.electron_description import BridgeDescription, ShellDescription
from harness.targets.electron_file import load_shell
from harness.targets.electron_running import RunningElectron

__all__ = ["examine_shell", "try_shell"]

Tell = Callable[[Tried], None]
SHOWN = 12  # names that a row lists


def try_shell(file: Path, tell: Tell = lambda tried: None) -> list[Tried]:
    """All that can be tried of the shell in a TOML file. Raises Mistakes for a faulty description."""
    description = load_shell(file)
    with PrivateSession.start() as machine:
        return examine_shell(description, machine, tell)


def examine_shell(
    description: ShellDescription, machine: PrivateSession, tell: Tell = lambda tried: None
) -> list[Tried]:
    told = list[Tried]()
    for tried in _all(description, machine):
        told.append(tried)
        tell(tried)
    return told


def _all(description: ShellDescription, machine: PrivateSession) -> Iterator[Tried]:
    yield well("description", f"stage: {description.stage}; the environment variables that it names are set")
    if description.command and not can_sandbox():
        mend = "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, and util-linux for unshare"
        yield wrong("sandbox", "Chromium's sandbox finds no user namespaces here", mend)
    try:
        shell = RunningElectron(description, machine)
    except TargetError as error:
        what, mend = ("reach", "start it with --remote-debugging-port") if description.debugging else ("start", _MEND)
        yield wrong(what, str(error), mend)
        yield not_tried("all else", "there is no page to look into")
        return
    try:
        yield well("page", f"the main window shows {shell.url}; all windows: {', '.join(shell.windows())}")
        yield from _bridge(description.bridge, shell)
    except TargetError as error:
        yield wrong("page", str(error), "mend that first")
    finally:
        shell.close()


_MEND = (
    "compare command, environment and page with how the application is started; without a display write"
    ' environment = { DISPLAY = "${DISPLAY}" }, or have it start headless'
)


def _bridge(bridge: BridgeDescription, shell: RunningElectron) -> Iterator[Tried]:
    """Its objects and functions, as script sees them."""
    shell.main.show_blank(shell.url)
    told = shell.main.evaluate(shell_scripts.SURFACE.replace("OBJECTS", json.dumps(bridge.objects)))
    shell.reload()
    seen, further = [str(name) for name in told["names"]], [str(name) for name in told["further"]]
    if not bridge.objects:
        found = f"no object of a bridge is named; the shell put there: {', '.join(further[:SHOWN]) or 'nothing'}"
        mend = f"write objects = {json.dumps(further[:SHOWN])} under [bridge]"
        yield wrong("bridge", found, mend) if further else well("bridge", found)
        return
    if not seen:
        yield wrong("bridge", f"{', '.join(bridge.objects)}: no function is there", "name its objects under [bridge]")
        return
    yield well("bridge", f"{len(seen)} functions: {', '.join(seen[:SHOWN])}")
    if bridge.functions is None:
        mend = f"write functions = {json.dumps(seen[:SHOWN])} under [bridge] if these are what is documented"
        yield wrong("functions", "nothing says which functions are documented: BRIDGE-01.E1 is not run", mend)
    if not bridge.subscribe:
        yield not_tried("callback", "no subscribe under [bridge]: BRIDGE-01.E3 is not run")
