"""Real runs of tiny features: a target that offers nothing, checks that look at one status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from harness.checks import registry
from harness.checks.registry import Check, Parameters
from harness.execution import Execution
from harness.features import scenarios as read_scenarios
from harness.matrix import Dimensions
from harness.model import Catalog, Control, Expectation, Finding, Judgement, Severity
from harness.observations import HttpExchange, Observation
from harness.observe import Record
from harness.plan import Plan, make_plan
from harness.plugin import Listener
from harness.redact import Redactor
from harness.targets.base import BaseTarget
from tests.harness.small_steps import SECRET

STEPS = ("steps.common", "tests.harness.small_steps")
CELL = "small/linux/any/any/any"


class SmallTarget(BaseTarget):
    name = "small"
    version = "1"


class ForeignTarget(SmallTarget):
    """A target whose failures are confirmed, and which declares that it has no clock."""

    confirms = True
    declared_absent: Mapping[str, str] = {"clock": "it runs on the wall's"}


def control(id: str, severity: Severity = Severity.MEDIUM) -> Control:
    expectations = tuple(Expectation(f"{id}.E{n}", f"Number {n}.") for n in (1, 2))
    return Control(id, "small", f"Title of {id}", f"{id} MUST hold.", "s", severity, "G", "S", expectations)


CATALOG = Catalog({c.id: c for c in (control("SMALL-01"), control("SMALL-02", Severity.HIGH))}, {}, "d" * 64)


def is_200(seen: Record, parameters: Parameters) -> Judgement:
    status = seen.one(HttpExchange, "answer").status
    return registry.passed("it was 200") if status == 200 else registry.failed(f"it was {status}, near {SECRET}")


def crashes(seen: Record, parameters: Parameters) -> Judgement:
    raise KeyError("client")


CHECKS = {
    "SMALL-01.E1": Check("SMALL-01.E1", "a test", is_200),
    "SMALL-01.E2": Check("SMALL-01.E2", "a test", is_200),
    "SMALL-02.E1": Check("SMALL-02.E1", "a test", crashes),
    "SMALL-02.E2": Check("SMALL-02.E2", "a test", is_200),
}


@dataclass
class Journal:
    """Evidence that is kept in memory."""

    events: list[tuple[str, str]] = field(default_factory=list)

    def scenario_started(self, scenario: str) -> None:
        self.events.append(("started", scenario))

    def scenario_finished(self, scenario: str, outcome: str) -> None:
        self.events.append((outcome, scenario))

    def observation(self, observation: Observation) -> None:
        self.events.append(("observation", observation.id))

    def finding(self, finding: Finding) -> None:
        self.events.append(("finding", finding.expectation))


@dataclass(frozen=True)
class SmallRun:
    """What came of a run: pytest's exit code, and what was handed to the evidence."""

    code: int
    findings: tuple[Finding, ...]
    events: tuple[tuple[str, str], ...]

    @property
    def verdicts(self) -> dict[str, str]:
        return {finding.expectation: finding.verdict.value for finding in self.findings}

    def reason(self, expectation: str) -> str:
        return next(finding.reason for finding in self.findings if finding.expectation == expectation)

    def ends(self) -> Iterator[str]:
        return (event for event, _ in self.events if event in ("passed", "failed", "error"))


def small_plan(folder: Path, scenarios: str) -> Plan:
    """The plan of one feature file with these scenarios, whatever a lint would say of them."""
    file = folder / "small.feature"
    file.write_text(f"Feature: Small\n{indent(dedent(scenarios), '  ')}", encoding="utf-8")
    return make_plan(CATALOG, read_scenarios(folder), Dimensions("small", "linux", ("dev", "prod"), (), ()))


def small_run(
    folder: Path,
    scenarios: str,
    listeners: Sequence[Listener] = (),
    plugins: Sequence[Any] = (),
    secret: str = SECRET,
    target: type[SmallTarget] = SmallTarget,
) -> SmallRun:
    """Run the scenarios; the secret is known to the redactor."""
    redactor, journal = Redactor(), Journal()
    redactor.register(secret, "password")
    plan = small_plan(folder, scenarios)
    run = Execution(plan, {"small": target()}, {}, redactor, lambda _: "pr", journal, listeners)
    code = run.run(STEPS, plugins)
    return SmallRun(code, tuple(run.findings), tuple(journal.events))
