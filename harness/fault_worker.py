"""Judges one fault after another in a process of its own: `python -m harness.fault_worker`, JSON lines on its pipes.

A kill matrix runs several of these side by side; each has a session, an AWS and a browser to itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from harness.errors import NotHere, TargetError
from harness.evidence.records import finding_from, finding_json
from harness.faults.registry import Fault, load_faults
from harness.machine.leftovers import MARK
from harness.machine.places import CHECKOUT
from harness.machine.session import PrivateSession
from harness.model import Finding
from harness.run import Question, judge_with_fault

__all__ = ["FaultWorker"]


class FaultWorker:
    """A worker process, marked as one of the run's so that it ends with it."""

    def __init__(self, machine: PrivateSession, question: Question) -> None:
        self._question = question
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.fault_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, MARK: machine.environment[MARK]},  # it makes a session of its own
            cwd=CHECKOUT,
        )

    def judge(self, fault: Fault | None, against: tuple[str, ...]) -> tuple[Finding, ...]:
        """The findings with the fault in place (None: without any). Raises NotHere, TargetError."""
        asked = {
            "fault": fault.id if fault else None,
            "source": str(fault.source) if fault else None,
            "against": against,
            "target": self._question.target,
            "selection": dict(self._question.selection),
            "features": str(self._question.features),
            "depth": self._question.depth,
            "catalog": str(self._question.catalog or ""),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(json.dumps(asked), file=self._process.stdin, flush=True)
            answer = json.loads(self._process.stdout.readline() or "{}")
        except (OSError, ValueError) as error:
            raise TargetError(f"the worker that judges faults ended: {error}") from error
        if "absent" in answer:
            raise NotHere(*answer["absent"])
        if "findings" not in answer:
            raise TargetError(answer.get("error", "the worker that judges faults ended"))
        return tuple(finding_from(finding) for finding in answer["findings"])

    def close(self) -> None:
        """End the process; it ends its own session."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def main(asked: TextIO, answers: TextIO) -> None:
    """Answer each line until there are no more."""
    with PrivateSession.start() as machine:
        for line in asked:
            print(json.dumps(_answer(json.loads(line), machine)), file=answers, flush=True)


def _answer(asked: Mapping[str, Any], machine: PrivateSession) -> dict[str, Any]:
    question = Question(
        asked["target"],
        selection=asked["selection"],
        depth=asked["depth"],
        features=Path(asked["features"]),
        catalog=Path(asked["catalog"]) if asked["catalog"] else None,
    )
    try:
        fault = _find(asked["fault"], asked["source"])
        findings: Iterable[Finding] = judge_with_fault(question, machine, fault, tuple(asked["against"]))
        return {"findings": [finding_json(finding) for finding in findings]}
    except NotHere as absent:
        return {"absent": [absent.what, absent.mend]}
    except Exception as error:  # noqa: BLE001 - one fault that breaks everything must not end the matrix
        return {"error": f"{type(error).__name__}: {error}"}


def _find(id: str | None, source: str | None) -> Fault | None:
    if id is None or source is None:
        return None
    known = load_faults()
    return known[id] if id in known else load_faults(Path(source))[id]


if __name__ == "__main__":
    # What scenarios print must not stand among the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    main(sys.stdin, answers)
