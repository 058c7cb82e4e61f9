"""The steps that step modules define, and those in feature files that none of them does.

pytest-bdd finds an undefined step only when its scenario runs, long after a target was started. So this reads a
feature file as pytest-bdd does, renders every row of an outline, and asks the parsers that pytest-bdd will ask.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from pytest_bdd.exceptions import StepError
from pytest_bdd.parser import FeatureParser, Step
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

from harness.errors import Mistake, nearest
from harness.machine.places import CHECKOUT

__all__ = ["StepDefinitions", "step_modules"]

STEPS = CHECKOUT / "steps"
NAMED_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")
SHOWN = r"{\1}"  # as parse shows what a step takes


def step_modules() -> list[str]:
    """The modules of steps/, one per area."""
    return [f"steps.{path.stem}" for path in sorted(STEPS.glob("*.py")) if path.stem != "__init__"]


@dataclass(frozen=True)
class StepDefinitions:
    """Steps by the type that they are for: `given`, `when`, `then`; None for all three."""

    known: tuple[StepFunctionContext, ...]

    @classmethod
    def of(cls, modules: Sequence[str]) -> StepDefinitions:
        """The steps of these modules. Raises what importing them raises."""
        with _imported(modules):
            defined = tuple(step_function_context_registry.values())
            return cls(tuple(step for step in defined if step.step_func.__module__ in modules))

    def undefined(self, file: Path) -> Iterator[Mistake]:
        """The steps in a feature file, which is Gherkin, that nothing defines: each with the nearest phrase."""
        try:
            feature = FeatureParser(str(file.parent), file.name, "utf-8-sig").parse()
        except StepError as error:
            yield Mistake(file, error.line, error.message, "And and But go on with a step before them")
            return
        told: set[int] = set()  # lines: of an outline the first row that does not match says enough
        for scenario in feature.scenarios.values():
            rows = [row for table in scenario.examples for row in table.as_contexts()]
            for step in (step for row in rows or [{}] for step in scenario.render(row).steps):
                if step.line_number not in told and not self.defines(step):
                    told.add(step.line_number)
                    what = f"no step is defined for: {step.type.capitalize()} {step.name}"
                    yield Mistake(file, step.line_number, what, self._hint(step))

    def defines(self, step: Step) -> bool:
        """Whether one of the steps is for this one's type and matches its text."""
        return any(known.type in (step.type, None) and known.parser.is_matching(step.name) for known in self.known)

    def _hint(self, step: Step) -> str:
        def phrase(type: str, text: str) -> str:
            return f"{type.capitalize()} {text}"

        known = {phrase(k.type or step.type, NAMED_GROUP.sub(SHOWN, k.parser.name)) for k in self.known}
        near = nearest(phrase(step.type, step.name), known)
        return near if near.startswith("did you mean") else "see the phrases in steps/, or define it there"


@contextmanager
def _imported(modules: Sequence[str]) -> Iterator[None]:
    """The modules, imported for a while: pytest must find them new, so that it can explain their asserts."""
    before = set(sys.modules)
    try:
        for module in modules:
            import_module(module)
        yield
    finally:
        for module in set(modules) - before:
            sys.modules.pop(module, None)
