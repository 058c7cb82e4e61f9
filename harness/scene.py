"""One scenario in one cell, as its steps see it: ports, what was recorded, and the judging."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from harness.checks import registry
from harness.errors import NotOffered
from harness.model import STAGES, Basis, Cell, Finding, Judgement, Parameter, Verdict
from harness.observations import Absence, Confirmation
from harness.observe import Recorder
from harness.ports import Target

__all__ = ["Scene"]

T = TypeVar("T")


@dataclass
class Scene:
    """`id` is `<feature>/<scenario>@<cell>`; `expectations` are those that the scenario is to judge.

    `destructive`: it may disturb others than its own sessions and users.

    Where the target's failures are to be confirmed, findings count only once the scenario has ended: what failed is
    tried a second time from the start.
    """

    id: str
    cell: Cell
    target: Target
    recorder: Recorder
    parameters: Mapping[str, Parameter]
    expectations: tuple[str, ...]
    depth: str
    sink: Callable[[Finding], None]
    destructive: bool = False
    findings: dict[str, Finding] = field(default_factory=dict)
    closing: ExitStack = field(default_factory=ExitStack)
    _opened: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def stage(self) -> str:
        """The cell's stage; the first of the target where the scenario does not care."""
        return self.cell.stage if self.cell.stage in self.target.stages else self.target.stages[0]

    def port(self, name: str, open: Callable[[Recorder], T], key: str = "") -> T:
        """A port of the target, opened once for this scenario and closed at its end where it has `close`."""
        if (name, key) not in self._opened:
            port = open(self.recorder)
            self._opened[name, key] = port
            close = getattr(port, "close", None)
            if callable(close):
                self.closing.callback(close)
        opened: T = self._opened[name, key]
        return opened

    def require_leave(self) -> None:
        """Raises NotOffered where the scenario compares stages that the target does not have, or would disturb one on
        which others rely."""
        stages = tuple(self.target.stages)
        if self.cell.stage == "all" and len(stages) < len(STAGES):
            declared = self.target.declared_absent.get("stages")
            reason = declared or f"it compares {', '.join(STAGES)}, and only {', '.join(stages)} is described"
            raise NotOffered("stages", reason, declared is not None)
        for stage in (stages if self.cell.stage == "all" else (self.stage,)) if self.destructive else ():
            if spared := self.target.spares(stage):
                raise NotOffered("leave to disturb it", spared)

    @contextmanager
    def where_offered(self) -> Iterator[None]:
        """What is done inside is left out where the target lacks a capability for it; the absence is recorded, and the
        scenario goes on."""
        try:
            yield
        except NotOffered as absence:
            self.recorder.record(
                Absence(
                    case="absence",
                    capability=absence.capability,
                    reason=absence.reason,
                    declared=absence.declared,
                    about={"stage": self.stage},
                )
            )

    @property
    def must_be_confirmed(self) -> bool:
        """Whether something failed in a first trial that only a second one can confirm."""
        failed = any(finding.verdict is Verdict.FAILED for finding in self.findings.values())
        return failed and self.target.confirms and self.recorder.trial == 1

    def begin_second_trial(self) -> None:
        """Close what the first trial opened, and start over with another HTTP client."""
        self.closing.close()
        self._opened.clear()
        self.recorder.trial = 2
        self.recorder.record(Confirmation(case="second trial", client=self.target.client_of_trial(2)))

    def parameter(self, name: str) -> float:
        """The value of a policy parameter."""
        return self.parameters[name].value

    def stated_by(self, name: str) -> str:
        """Who says what a policy parameter is: the target, which is then held to it, or the policy."""
        return "target" if name in self.target.parameters else "policy"

    def check(self, expectation: str) -> Finding:
        """Check one expectation by what was recorded so far. A failure is recorded, not raised."""
        finding = self._judge(expectation)
        self._keep(finding, counts=not self.target.confirms)
        return finding

    def close_with(self, verdict: Verdict, reason: str) -> None:
        """The scenario has ended: findings that waited for a second trial count now, by all that was observed, and what
        no check judged gets this verdict."""
        for expectation in self.expectations:
            if expectation not in self.findings:
                self._keep(self._finding(expectation, Judgement(verdict, reason)), counts=True)
            elif self.target.confirms:
                self._keep(self._judge(expectation), counts=True)

    def _judge(self, expectation: str) -> Finding:
        seen = self.recorder.seen
        judgement = registry.judge(expectation, seen, self.parameters)
        return self._finding(expectation, judgement, tuple(o.id for o in seen), registry.digest(expectation))

    def _keep(self, finding: Finding, counts: bool) -> None:
        self.findings[finding.expectation] = finding
        if counts:
            self.sink(finding)

    def _finding(
        self, expectation: str, judgement: Judgement, observations: tuple[str, ...] = (), check: str = ""
    ) -> Finding:
        redacted = self.recorder.redactor.text
        return Finding(
            expectation=expectation,
            cell=self.cell.id,
            verdict=judgement.verdict,
            basis=Basis.MACHINE,
            reason=redacted(judgement.reason),
            scenario=self.id,
            observations=observations,
            check=check,
            shown_by=judgement.shown_by,
            symptoms=tuple(replace(symptom, text=redacted(symptom.text)) for symptom in judgement.symptoms),
        )
