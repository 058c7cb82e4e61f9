"""Commands that end within a bound, whatever they start."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

__all__ = ["Outcome", "end_tree", "run_bounded"]

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_TELLING = re.compile(r"^(?:E: |npm error |.*\berror\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Outcome:
    """How a command ended: `said` is all that it printed, `line` the one line of it that tells most."""

    ok: bool
    said: str

    @property
    def line(self) -> str:
        lines = [text for line in self.said.splitlines() if (text := _COLOURS.sub("", line).strip())]
        telling = [line for line in lines if _TELLING.match(line)]
        return (telling or lines[-1:] or ["it said nothing"])[0]


def run_bounded(
    command: Sequence[str | Path],
    *,
    seconds: float,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Outcome:
    """Runs a command without standard input; after `seconds` it and all that it started is ended."""
    with tempfile.TemporaryFile() as output:  # a file: a grandchild that holds a pipe could outlast the bound
        try:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=folder,
            )
        except OSError as error:
            return Outcome(False, f"{command[0]} cannot be started: {error.strerror}")
        return _await(process, output, seconds)


def _await(process: subprocess.Popen[bytes], output: IO[bytes], seconds: float) -> Outcome:
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        return Outcome(False, f"error: not done within {seconds:g} s")
    finally:
        end_tree(process.pid)
        process.wait()
    output.seek(0)
    return Outcome(code == 0, output.read().decode(errors="replace"))


def end_tree(pid: int) -> None:
    """Kills a process and its descendants; those that are gone already do not matter."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.Error):
                one.kill()
