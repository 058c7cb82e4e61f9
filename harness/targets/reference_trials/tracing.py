"""Kills a process between any two lines of the program under test at which what can be seen of it differs.

A first, unkilled run looks at the state before each line, and notes the lines at which it has changed. Then the same
work is done once for each of these, in a process that ends itself there by SIGKILL. No line of the standard library or
of a package counts, only the program's own and those of faults. Needs `os.fork`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from types import FrameType
from typing import Any

__all__ = ["changes_of", "in_a_fork", "kill_at", "kill_at_change", "states_of"]

_CHECKOUT = Path(__file__).parents[3]
_OURS = str(Path(__file__).parent)

State = Hashable


def _counts(filename: str) -> bool:
    if filename.startswith((_OURS, "<")) or "site-packages" in filename:
        return False
    return filename.startswith(str(_CHECKOUT)) or "faults" in filename


def _trace(at_line: Callable[[str], None], work: Callable[[], object]) -> None:
    """Do the work; `at_line` is called before each line that counts, in every thread that begins now."""

    def step(frame: FrameType, event: str, argument: object) -> Any:
        if not _counts(frame.f_code.co_filename):
            return None
        if event == "line":
            at_line(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}")
        return step

    threading.settrace(step)
    sys.settrace(step)
    try:
        work()
    finally:
        sys.settrace(None)
        threading.settrace(None)


def changes_of(work: Callable[[], None], state: Callable[[], State]) -> list[tuple[int, str]]:
    """The numbers and places of the lines before which the state is another than before, and one after the last."""
    found: list[tuple[int, str]] = []
    seen: list[State] = [None]
    count = 0

    def look(place: str) -> None:
        nonlocal count
        count += 1
        now = state()
        if now != seen[0]:
            seen[0] = now
            found.append((count, place))

    _trace(look, work)
    return [*found, (count, "after all")]


def kill_at(number: int, work: Callable[[], None]) -> bool:
    """Do the work in a fork that kills itself before the line of this number. Whether it was killed."""
    child = os.fork()
    if child == 0:
        count = 0

        def count_down(place: str) -> None:
            nonlocal count
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            _trace(count_down, work)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def states_of(begin: Callable[[], Callable[[], object]], state: Callable[[], State]) -> list[tuple[str, Any]]:
    """Each state that differs from the one before, with the place at which it was first seen. `begin` makes ready, and
    gives the work that is looked at."""
    found: list[tuple[str, Any]] = []
    lock = threading.Lock()

    def look(place: str) -> None:
        now = state()
        with lock:
            if not found or found[-1][1] != now:
                found.append((place, now))

    work = begin()
    _trace(look, work)
    look("after all")
    return found


def kill_at_change(number: int, begin: Callable[[], Callable[[], object]], state: Callable[[], State]) -> bool:
    """The same in a fork that kills itself at the state of this number, counted from 1. Whether it was killed."""

    def work() -> None:
        seen: list[State] = []

        def look(place: str) -> None:
            now = state()
            if not seen or seen[-1] != now:
                seen.append(now)
            if len(seen) >= number:
                os.kill(os.getpid(), signal.SIGKILL)

        _trace(look, begin())
        look("after all")

    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def in_a_fork(work: Callable[[], object]) -> Any:
    """What the work gives, done in a process of its own that begins as this one is now. `Any`: it comes by JSON."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            with os.fdopen(write, "w", encoding="utf-8") as out:
                json.dump(work(), out)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else None
