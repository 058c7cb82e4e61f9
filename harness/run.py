"""A run: plan → open target → run scenarios → judge → seal, each a function whose output is the next one's input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path

from harness.catalog import load_catalog
from harness.errors import RunInterrupted
from harness.execution import Evidence, Execution, NoEvidence
from harness.faults.registry import Fault
from harness.lint import ScenarioPlan
from harness.machine.places import CHECKOUT
from harness.machine.session import PrivateSession
from harness.matrix import Dimensions, this_os
from harness.model import Catalog, Finding
from harness.plan import Plan, make_plan, read_features
from harness.plugin import Listener
from harness.ports import Target
from harness.redact import Redactor
from harness.step_definitions import step_modules
from harness.targets.base import Leave
from harness.targets.opening import Opening, find_target

__all__ = [
    "FEATURES",
    "Question",
    "carry_out",
    "dimensions_of",
    "open_targets",
]

FEATURES = CHECKOUT / "features"
FAULT_STAGE = "prod"  # where a fault concerns every stage, one is enough to see it
INTERRUPTED = 2  # pytest's exit code
GLANCE = "glance"  # the depth at which a fault is tried against the controls that need not catch it


@dataclass(frozen=True)
class Question:
    """What is asked of a run: which target (a name, or the path of a description), which controls (patterns; none:
    all), which cells, how deep, and what it may do. Raises UsageError for a target that is none, Mistakes for a faulty
    description."""

    target: str = "reference"
    controls: tuple[str, ...] = ()
    selection: Mapping[str, str] = field(default_factory=dict)
    depth: str = "full"
    features: Path = FEATURES
    catalog: Path | None = None
    leave: Leave = field(default_factory=Leave)

    def __post_init__(self) -> None:
        _ = self.opening

    @cached_property
    def opening(self) -> Opening:
        """How the target is opened; its description is read once."""
        return find_target(self.target)


@contextmanager
def open_targets(
    question: Question, machine: PrivateSession, redactor: Redactor, faults: Sequence[Fault] = ()
) -> Iterator[Mapping[str, Target]]:
    """The target asked for, by what it was asked for and by its own name, and the harness itself as the target of the
    OPS controls; closed at the end."""
    from harness.targets.itself import ItselfTarget

    target = question.opening.open(machine, redactor, question.leave, faults)
    try:
        yield {question.target: target, target.name: target, "self": ItselfTarget(machine, faults)}
    finally:
        target.close()


def dimensions_of(target: Target) -> Dimensions:
    """The values that the target's axes take here."""
    return Dimensions(target.name, this_os(), target.stages, target.browsers, target.stores, target.further_browsers)


def plan_of(question: Question, catalog: Catalog, target: Target) -> Plan:
    """The plan that answers the question on this target, by its own policy parameters. Raises Mistakes for faulty
    feature files, UsageError."""
    if target.parameters:
        catalog = load_catalog(question.catalog, target.parameters)
    found = read_features(question.features, catalog)
    foreign = question.opening.foreign
    return make_plan(catalog, found, dimensions_of(target), question.controls, question.selection, foreign)


def carry_out(
    plan: Plan,
    targets: Mapping[str, Target],
    redactor: Redactor,
    depth: str | Callable[[ScenarioPlan], str],
    evidence: Evidence | None = None,
    listeners: Sequence[Listener] = (),
    plugins: Iterable[object] = (),
    steps: Sequence[str] | None = None,
) -> tuple[Finding, ...]:
    """Run the plan's scenarios, so deep or each as deep as `depth` says; all findings, those of controls without
    scenario included.

    Raises RunInterrupted where pytest did not get to its end.
    """
    kept = evidence or NoEvidence()
    deep = depth if callable(depth) else lambda _: depth
    execution = Execution(plan, targets, plan.catalog.parameters, redactor, deep, kept, listeners)
    code = execution.run(step_modules() if steps is None else steps, plugins)
    if code == INTERRUPTED:
        raise RunInterrupted("interrupted")
    if code not in (0, 1):
        raise RunInterrupted(f"the scenarios were not run to their end (pytest's exit code {code})")
    for finding in plan.without_scenario:
        kept.finding(finding)
    return (*execution.findings, *plan.without_scenario)


def judge_with_fault(
    question: Question, machine: PrivateSession, fault: Fault | None, against: tuple[str, ...]
) -> tuple[Finding, ...]:
    """The findings with the fault in place, in one stage that it concerns: on these controls, or of the scenarios that
    judge this expectation."""
    scenarios = _scenarios(question.catalog, question.features)
    if expectations := {name for name in against if "." in name}:
        scenarios = tuple(s for s in scenarios if expectations.intersection(s.expectations))
    controls = {name.partition(".")[0] for name in against}
    judged = {control for scenario in scenarios for control in scenario.controls}
    redactor = Redactor()
    with open_targets(question, machine, redactor, [fault] if fault else []) as targets:
        catalog = _catalog_of(question.catalog, tuple(sorted(targets[question.target].parameters.items())))
        wanted = tuple(sorted(judged.intersection(controls)))
        selection = {"stage": _stage_for(fault), **question.selection}
        plan = make_plan(catalog, scenarios, dimensions_of(targets[question.target]), wanted, selection)
        return carry_out(plan, targets, redactor, partial(_depth_for, fault, question.depth))


# What every fault is judged by is read once in a process.


@cache
def _catalog_of(catalog: Path | None, parameters: tuple[tuple[str, float], ...]) -> Catalog:
    return load_catalog(catalog, dict(parameters))


@cache
def _scenarios(catalog: Path | None, features: Path) -> tuple[ScenarioPlan, ...]:
    return read_features(features, _catalog_of(catalog, ()))


def _depth_for(fault: Fault | None, depth: str, scenario: ScenarioPlan) -> str:
    own = fault is None or fault.expectation in scenario.expectations
    return depth if own else GLANCE


def _stage_for(fault: Fault | None) -> str:
    return FAULT_STAGE if fault is None or FAULT_STAGE in fault.stages else fault.stages[0]
