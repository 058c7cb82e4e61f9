"""Starts a program of the reference as a child process with faulty parts in place.

    python -m harness.faults.launch --fault F-STAGE-01-b [--from FILE] [--clock FILE] reference_impl [ARGUMENTS]

The program itself knows nothing of faults: it takes its parts from whoever composes it.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.faults.hindered import hindered
from harness.faults.registry import Fault, fault_arguments, load_faults, load_named
from harness.machine.sandbox import can_sandbox
from harness.model import STAGES
from harness.probes.held_strings import answer_in
from harness.probes.shell_scripts import COMPROMISED
from reference_impl.clock import Clock
from reference_impl.parts import Part, Parts, Replacement

__all__ = ["STRANGER", "command", "parts_of"]

STRANGER = "shell.evil"  # a host of the shell's own scheme that begins as the application's does
STRANGE_PAGE = b"<!doctype html><title>Stranger</title><p>Somebody else's page"


def parts_of(faults: Iterable[Fault], stage: str | None = None) -> Parts:
    """The parts with these faults in place, as far as they concern the stage (None: any)."""
    replacements: dict[Part, tuple[Replacement, ...]] = {}
    for fault in faults:
        if fault.part in list(Part) and (stage is None or stage in fault.stages):
            part = Part(fault.part)
            replacements[part] = (*replacements.get(part, ()), fault.replacement)
    return Parts(replacements)


def command(
    module: str, faults: Iterable[Fault], *arguments: str, clock: Path | None = None, debugging: str = ""
) -> list[str]:
    """The argv that runs `python -m module` with these faults; without faults, the module itself. `clock`: a file with
    the seconds by which the program's clock is ahead, which is read whenever it asks for the time.
    `debugging`: where a shell's debugging port is to listen."""
    faults = list(faults)
    if not faults and clock is None and not debugging:
        return [sys.executable, "-m", module, *arguments]
    ahead = ["--clock", str(clock)] if clock else []
    ahead += ["--debugging", debugging] if debugging else []
    return [sys.executable, "-m", "harness.faults.launch", *fault_arguments(faults), *ahead, module, *arguments]


class _Ahead:
    """A clock that is ahead of another by what a file says."""

    def __init__(self, real: Clock, file: Path) -> None:
        self._real, self._file = real, file

    def now(self) -> float:
        return self._real.now() + float(self._file.read_text() or "0")


def for_tests(debugging: str) -> Replacement:
    """A shell that the harness can look into: production opens no debugging port, and leads its windows nowhere else.
    Chromium's sandbox does not start for root, nor without user namespaces."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    sandbox = not root and can_sandbox()
    return lambda real: replace(real, debugging=debugging, sandbox=sandbox, pages={STRANGER: STRANGE_PAGE})


def compromised(real: Any) -> Any:
    """The shell's scripts, with what a compromised renderer could do behind the preload."""
    preload = real.preload
    real.preload = lambda: preload() + COMPROMISED
    return real


def beside(parts: Parts, further: Mapping[Part, Replacement]) -> Parts:
    """The parts with these replacements after their own."""
    after = {part: (*parts.replacements.get(part, ()), replacement) for part, replacement in further.items()}
    return Parts({**parts.replacements, **after})


def main(argv: list[str]) -> int:
    """Load the faults and hand over to the program's own `main(environ, parts, arguments)`."""
    parser = argparse.ArgumentParser(prog="harness.faults.launch")
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--from", dest="files", action="append", default=[], type=Path)
    parser.add_argument("--clock", type=Path)
    parser.add_argument("--debugging", default="")
    parser.add_argument("module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(argv)
    known = dict(load_named(options.fault))
    for file in options.files:
        known.update(load_faults(file))
    stage = os.environ.get("AUTH_STAGE")  # a start with no stage, or with none that exists, gets every fault
    parts = parts_of([known[id] for id in options.fault], stage if stage in STAGES else None)
    if options.clock is not None:
        parts = beside(parts, {Part.CLOCK: lambda real: _Ahead(real, options.clock)})
    if options.debugging:
        answer_in(Path.cwd())
        launched = {Part.SHELL_OPTIONS: for_tests(options.debugging), Part.PRELOAD_SCRIPTS: compromised}
        parts = beside(parts, {**launched, **hindered(Path.cwd())})
    sys.argv = [options.module, *options.arguments]
    program = importlib.import_module(f"{options.module}.__main__")
    takes_arguments = "arguments" in inspect.signature(program.main).parameters
    more = {"arguments": options.arguments} if takes_arguments else {}
    code = int(program.main(os.environ, parts, **more))
    leave: Callable[[int], int] = getattr(program, "leave", int)  # the shell has a way of its own to end
    return leave(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
