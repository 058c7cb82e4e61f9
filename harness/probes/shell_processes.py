"""The processes of a desktop shell that is built on Chromium: how the system confines its renderers, with what
arguments they run, where they listen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import psutil

from harness.errors import TargetError

__all__ = ["UNSAFE", "arguments_of", "confined_renderers", "listening_of", "renderers_of", "tree_of"]

UNSAFE = (
    "--no-sandbox",
    "--disable-web-security",
    "--remote-debugging",
    "--disable-site-isolation",
    "--single-process",
)


def tree_of(pid: int) -> Iterator[psutil.Process]:
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        yield root
        yield from root.children(recursive=True)


def arguments_of(process: psutil.Process) -> list[str]:
    """None of a process that has ended. Raises TargetError where the system does not tell."""
    try:
        return [word for argument in process.cmdline() for word in argument.split()]
    except psutil.NoSuchProcess:  # a zombie is one too
        return []
    except psutil.Error as error:
        raise TargetError(f"the arguments of a process of the shell cannot be read: {error}") from error


def renderers_of(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those of type renderer; on Linux they are children of the zygote, and keep its arguments."""
    zygotes = {process.pid for process in processes if "--type=zygote" in arguments_of(process)}
    found = []
    for process in processes:
        with suppress(psutil.Error):
            if "--type=renderer" in arguments_of(process) or (process.pid in zygotes and process.ppid() in zygotes):
                found.append(process)
    return [one for one in found if one.is_running() and not any(_parent(other) == one.pid for other in found)]


def _parent(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.ppid())
    return 0


def confinement_of(process: psutil.Process) -> str:
    """What the system tells of it: on Linux the mode of its filter of system calls; elsewhere its arguments only."""
    if sys.platform != "linux":
        return "not confined" if "--no-sandbox" in arguments_of(process) else "confined, as its arguments say"
    with suppress(OSError), Path(f"/proc/{process.pid}/status").open(encoding="utf-8") as status:
        told = dict(line.split(":\t", 1) for line in status.read().splitlines() if ":\t" in line)
        return "confined" if told.get("Seccomp") == "2" else "not confined"
    return "gone"


def confined_renderers(root: int, seconds: float) -> tuple[list[psutil.Process], tuple[str, ...]]:
    """The processes of a shell, and how the system confines each of its renderers. There may be none yet, a young one
    confines itself in a moment, and a spare one may end: they are looked at again, for so many seconds."""
    end = monotonic() + seconds
    while True:
        processes = list(tree_of(root))
        confined = tuple(confinement_of(process) for process in renderers_of(processes))
        if (confined and all(how.startswith("confined") for how in confined)) or monotonic() > end:
            return processes, confined
        sleep(0.1)


def listening_of(process: psutil.Process) -> list[str]:
    """Nowhere where a process has ended. Raises TargetError where the system does not tell: no port seen is none open
    only if it could be seen."""
    try:
        found = process.net_connections(kind="tcp")
    except psutil.NoSuchProcess:
        return []
    except psutil.Error as error:
        raise TargetError(f"the ports of a process of the shell cannot be listed: {error}") from error
    return [f"{one.laddr.ip}:{one.laddr.port}" for one in found if one.status == psutil.CONN_LISTEN]
