"""One scenario in one cell, as its steps see it: ports, what was recorded, and the judging."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

from harness.checks import registry
from harness.model import Basis, Cell, Finding, Judgement, Parameter, Verdict
from harness.observe import Recorder
from harness.ports import Target

__all__ = ["Scene"]

T = TypeVar("T")


@dataclass
class Scene:
    """`id` is `<feature>/<scenario>@<cell>`; `expectations` are those that the scenario is to judge."""

    id: str
    cell: Cell
    target: Target
    recorder: Recorder
    parameters: Mapping[str, Parameter]
    expectations: tuple[str, ...]
    depth: str
    sink: Callable[[Finding], None]
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

    def parameter(self, name: str) -> float:
        """The value of a policy parameter."""
        return self.parameters[name].value

    def check(self, expectation: str) -> Finding:
        """Check one expectation by what was recorded so far. A failure is recorded, not raised."""
        seen = self.recorder.seen
        judgement = registry.judge(expectation, seen, self.parameters)
        return self._find(expectation, judgement, tuple(o.id for o in seen), registry.digest(expectation))

    def close_with(self, verdict: Verdict, reason: str) -> None:
        """Give this verdict to every expectation that no check judged."""
        for expectation in self.expectations:
            if expectation not in self.findings:
                self._find(expectation, Judgement(verdict, reason), (), "")

    def _find(self, expectation: str, judgement: Judgement, observations: tuple[str, ...], check: str) -> Finding:
        finding = Finding(
            expectation=expectation,
            cell=self.cell.id,
            verdict=judgement.verdict,
            basis=Basis.MACHINE,
            reason=self.recorder.redactor.text(judgement.reason),
            scenario=self.id,
            observations=observations,
            check=check,
        )
        self.findings[expectation] = finding
        self.sink(finding)
        return finding
