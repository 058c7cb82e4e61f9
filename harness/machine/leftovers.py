"""What a run leaves when it is killed, and how it is cleared away.

A run's id is `<pid>-<start>-<random>`: who owns it is in its name, so that neither a folder nor a process is ever
without an owner. Its folder is `authassay-run-<id>` in the temporary folder; its processes carry the id in their
environment, in `AUTHASSAY_RUN`. A run inside another run carries both ids, the outer one first.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

__all__ = ["MARK", "clear", "end_processes", "folder_of", "marked", "new_run", "owner_lives", "remove_folder", "sweep"]

MARK = "AUTHASSAY_RUN"
PREFIX = "authassay-run-"
SEPARATOR = ":"
# A start time is computed from the machine's clock, which may be set meanwhile. Taking a new process with an old number
# for the owner only leaves a folder behind; the other way round a living run would be ended.
SAME_START_SECONDS = 600


def new_run() -> str:
    """An id for a run that this process owns."""
    return f"{os.getpid()}-{int(psutil.Process().create_time())}-{secrets.token_hex(4)}"


def folder_of(run: str) -> Path:
    """Where the run keeps what is only for its time."""
    return Path(tempfile.gettempdir()) / f"{PREFIX}{run}"


def owner_lives(run: str) -> bool:
    """Whether the process that owns the run is there. A malformed id counts as alive: it is no run of ours."""
    try:
        pid, start = (int(part) for part in run.split("-")[:2])
        process = psutil.Process(pid)
        alive = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        return alive and abs(process.create_time() - start) < SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return False
    except (ValueError, psutil.AccessDenied):
        return True


def marked(run: str) -> list[psutil.Process]:
    """The processes that belong to the run, without this one."""
    return [process for process, runs in _marks() if run in runs]


def end_processes(run: str, seconds: float = 5.0) -> None:
    """Kills the processes of the run, their descendants and what those start meanwhile, for at most `seconds`."""
    end = time.monotonic() + seconds
    looks_in_vain = 0
    # Two looks: in the middle of its exec, a process shows no environment.
    while looks_in_vain < 2 and time.monotonic() < end:
        family = {descendant for process in marked(run) for descendant in _family(process)}
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()
        looks_in_vain = 0 if family else looks_in_vain + 1
        time.sleep(0.01)  # not psutil's wait, which would take the exit code of a child from whoever started it


def remove_folder(folder: Path) -> None:
    """Removes a folder with all that is in it, also where a folder in it was made read-only."""
    for place, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            Path(place).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def clear(run: str, folder: Path) -> None:
    """Ends the run's processes and removes its folder; twice, for what a process wrote while it was ended."""
    for _ in range(2):
        end_processes(run)
        remove_folder(folder)
        if not folder.exists():
            return


def sweep() -> list[str]:
    """Clears away what dead runs of this user left, and returns their ids."""
    places = Path(tempfile.gettempdir()).glob(f"{PREFIX}*")
    runs = {place.name.removeprefix(PREFIX) for place in places if _is_own(place)}
    runs |= {run for _, marks in _marks() for run in marks}
    dead = sorted(run for run in runs if not owner_lives(run))
    for run in dead:
        clear(run, folder_of(run))
    return dead


def _is_own(place: Path) -> bool:
    try:
        status = place.lstat()
    except OSError:
        return False
    return not place.is_symlink() and (not hasattr(os, "getuid") or status.st_uid == os.getuid())


def _marks() -> Iterator[tuple[psutil.Process, list[str]]]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            mark = process.environ().get(MARK)
            if mark and process.pid != os.getpid():
                yield process, mark.split(SEPARATOR)


def _family(process: psutil.Process) -> list[psutil.Process]:
    # Chromium's children write their title over their environment, so they are found by their parent.
    with contextlib.suppress(psutil.Error):
        return [process, *(child for child in process.children(recursive=True) if child.pid != os.getpid())]
    return []
