"""The reference's runbook, followed by an operator: its commands are taken from the document and run as they stand."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from harness.errors import TargetError, nearest
from harness.machine.places import CHECKOUT
from harness.observations import OperationEntry, OperationsTrail, ProcessRun
from harness.observe import Recorder
from harness.probes.scripted_bus import ScriptedBus
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_situations import prepare

__all__ = ["ReferenceRecovery", "procedures"]

RUNBOOK = CHECKOUT / "reference_impl" / "RUNBOOK.md"
SECONDS = 90.0  # for a command: long, because a slow machine is no finding
DRAIN = 30.0
FENCE = re.compile(r"```console\n(.*?)```", re.DOTALL)
VARIABLE = re.compile(r"\$(\w+)")


def procedures(text: str) -> dict[str, tuple[str, ...]]:
    """The commands of each section of a runbook, by its heading: the lines of its console blocks, without the `$ `."""
    found = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading = section.partition("\n")[0].strip()
        lines = [line for block in FENCE.findall(section) for line in block.splitlines()]
        found[heading] = tuple(line[2:] for line in lines if line.startswith("$ "))
    return found


class ReferenceRecovery:
    """One operator, with a log of his own."""

    operator = "an operator of the suite"

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target, self._recorder = target, recorder
        self._folder = Path(mkdtemp(prefix="operator-", dir=target.folder))
        self._log = self._folder / "operations.jsonl"
        self._procedures = procedures(RUNBOOK.read_text(encoding="utf-8"))

    def carry_out(self, case: str, procedure: str, stage: str, user: str = "", situation: str = "") -> ProcessRun:
        commands = self._procedures.get(procedure, ())
        if not commands:
            raise TargetError(f"the runbook has no commands for {procedure!r} ({nearest(procedure, self._procedures)})")
        with prepare(situation, self._target.machine, self._folder) as surroundings:
            own = {"OPERATOR": self.operator, "ACCOUNT": user, "AUTH_OPERATIONS_LOG": str(self._log)}
            environment = {**surroundings.environment, **self._target.reference.stages[stage].environ, **own}
            runs = [self._run(case, command, environment, stage) for command in commands]
        return runs[-1]

    def log(self, case: str) -> OperationsTrail:
        lines = [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []
        ends = {line["id"]: line["outcome"] for line in lines if "outcome" in line}
        entries = tuple(
            OperationEntry(line.get("operator", ""), line["action"], line.get("at", 0.0), ends.get(line["id"], ""))
            for line in lines
            if "action" in line
        )
        return self._recorder.record(OperationsTrail(case=case, entries=entries))

    @contextmanager
    def bus_refuses(self, stage: str) -> Iterator[None]:
        refusing = ScriptedBus([["NotAuthorizedForSourceException"] * 10], lambda detail: "", most=1000)
        with refusing.answering(self._target.reference.stages[stage].app.events_client):
            yield

    def lost_events(self, stage: str) -> tuple[str, ...]:
        box = self._target.reference.stages[stage].app.outbox
        if not box.wait_until_drained(DRAIN):
            raise TargetError(f"{stage}: events are still on their way after {DRAIN:g} s")
        return tuple(letter.message.event_id for letter in box.dead_letters())

    def close(self) -> None:
        """The target removes the folder."""

    def _run(self, case: str, command: str, environment: Mapping[str, str], stage: str) -> ProcessRun:
        """One command, without a shell: its variables are replaced as a shell would."""
        told = [VARIABLE.sub(lambda found: environment.get(found[1], ""), word) for word in shlex.split(command)]
        if told[:2] != ["python", "-m"] or len(told) < 3:
            raise TargetError(f"the runbook's command is not one of python -m: {command}")
        began = time.monotonic()
        done = subprocess.run(
            self._target.command(told[2], *told[3:], clock=self._target.clock_file),
            env={**environment, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), environment.get("PYTHONPATH", "")])},
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        run = ProcessRun(
            case=case,
            about={"stage": stage},
            argument=command,
            ready=False,
            exit_code=done.returncode,
            stdout=done.stdout,
            stderr=done.stderr[-2000:],
            seconds=round(time.monotonic() - began, 3),
        )
        return self._recorder.record(run)
