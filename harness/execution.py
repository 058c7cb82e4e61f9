"""Runs a plan against an open target, and hands what happens to the evidence and to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.features import instance_id
from harness.lint import ScenarioPlan
from harness.model import Cell, Finding, Parameter, Verdict, merge
from harness.observations import Observation
from harness.observe import Recorder, Redacts
from harness.plan import Plan
from harness.plugin import Listener, run_pytest
from harness.ports import Target
from harness.scene import Scene

__all__ = ["Evidence", "Execution", "NoEvidence"]

OUTCOME = {
    Verdict.FAILED: "failed",
    Verdict.UNKNOWN: "error",
    Verdict.NOT_RUN: "error",
    Verdict.PASSED: "passed",
    Verdict.NOT_APPLICABLE: "passed",
}
SETTINGS = Path(__file__).with_name("scenarios.toml")
QUIET = (
    "-p",
    "no:terminal",
    "-p",
    "no:logging",
    "-p",
    "no:faulthandler",
    "-p",
    "no:unraisableexception",
    "--capture=no",
    "--import-mode=importlib",
    "--assert=plain",  # what rewrites assertions keeps the run that it was made for, and by that its target
)


class Evidence(Protocol):
    """Where a run's events go as they happen."""

    def scenario_started(self, scenario: str) -> None: ...
    def scenario_finished(self, scenario: str, outcome: str) -> None: ...
    def observation(self, observation: Observation) -> None: ...
    def finding(self, finding: Finding) -> None: ...


class NoEvidence:
    """Keeps nothing: for runs whose findings alone matter."""

    def scenario_started(self, scenario: str) -> None:
        """Forget it."""

    def scenario_finished(self, scenario: str, outcome: str) -> None:
        """Forget it."""

    def observation(self, observation: Observation) -> None:
        """Forget it."""

    def finding(self, finding: Finding) -> None:
        """Forget it."""


@dataclass
class Execution:
    """A plan being carried out; `findings` grow as scenarios judge."""

    plan: Plan
    targets: Mapping[str, Target]
    parameters: Mapping[str, Parameter]
    redactor: Redacts
    depth: Callable[[ScenarioPlan], str]
    evidence: Evidence = field(default_factory=NoEvidence)
    listeners: Sequence[Listener] = ()
    findings: list[Finding] = field(default_factory=list)

    def cells(self, file: Path, name: str) -> tuple[Cell, ...]:
        planned = self.plan.find(file, name)
        return self.plan.cells[planned] if planned else ()

    def open_scene(self, file: Path, name: str, example: str, cell: Cell) -> Scene:
        planned = self.plan.find(file, name)
        assert planned is not None
        id = instance_id(file, name, example, cell.id)
        self.evidence.scenario_started(id)
        return Scene(
            id=id,
            cell=cell,
            target=self.targets[cell.target],
            recorder=Recorder(id, self.redactor, self.evidence.observation),
            parameters=self.parameters,
            expectations=planned.expectations,
            depth=self.depth(planned),
            sink=self._keep,
            destructive="destructive" in planned.tags,
        )

    def close_scene(self, scene: Scene) -> None:
        """The scenario has come to its end: its findings count from now on."""
        verdicts = [finding.verdict for finding in scene.findings.values()]
        self.evidence.scenario_finished(scene.id, OUTCOME[merge(verdicts)])

    def run(self, steps: Iterable[str], plugins: Iterable[object] = ()) -> int:
        """Run all planned scenarios; pytest's exit code (0 all passed, 1 some did not, others: it did not run)."""
        if not self.plan.cells:
            return 0
        arguments = [*QUIET, "-c", str(SETTINGS), f"--rootdir={self.plan.files[0].parent}"]
        return run_pytest(self, self.plan.files, steps, arguments, plugins)

    def _keep(self, finding: Finding) -> None:
        self.findings.append(finding)
        self.evidence.finding(finding)
