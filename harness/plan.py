"""What a run is to do: which scenarios in which cells, and which expectations nobody judges yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from harness.errors import Mistakes, UsageError, nearest
from harness.lint import ScenarioPlan, lint_features, scenarios
from harness.matrix import Dimensions, cells_of, selected
from harness.model import Basis, Catalog, Cell, Finding, Verdict
from harness.step_definitions import StepDefinitions, step_modules

__all__ = ["Plan", "make_plan", "read_features", "wanted_controls"]

HARNESS = "self"  # the target that is the harness itself
NO_SCENARIO = "no scenario yet"
OF_THE_HARNESS = "it judges Authassay itself and not this target: it runs where --controls names it"


@dataclass(frozen=True)
class Plan:
    """Scenarios with their cells, and the cells in which controls without a scenario, or with one that is left out, are
    `not_run`. `unasked`: the selections of these scenarios' cells that are left out because nobody asked for them."""

    catalog: Catalog
    cells: Mapping[ScenarioPlan, tuple[Cell, ...]]
    without_scenario: tuple[Finding, ...]
    unasked: tuple[str, ...] = ()

    @property
    def expected(self) -> tuple[tuple[str, str, str], ...]:
        """Every (expectation, cell id, scenario id) that the run must give a verdict; no scenario: ""."""
        judged = {
            (expectation, cell.id, instance)
            for scenario, cells in self.cells.items()
            for cell in cells
            for instance in scenario.instances(cell.id)
            for expectation in scenario.expectations
        }
        return tuple(sorted(judged | {(f.expectation, f.cell, "") for f in self.without_scenario}))

    def find(self, file: Path, name: str) -> ScenarioPlan | None:
        return next((s for s in self.cells if s.name == name and s.file == file), None)

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(sorted({scenario.file for scenario in self.cells}))


def read_features(features: Path, catalog: Catalog, steps: Sequence[str] | None = None) -> tuple[ScenarioPlan, ...]:
    """All scenarios, whose steps must be defined in the modules `steps` (by default this checkout's).

    Raises Mistakes with every mistake of the feature files at once.
    """
    definitions = StepDefinitions.of(step_modules() if steps is None else steps)
    mistakes = lint_features(features, catalog, definitions.undefined)
    if mistakes:
        raise Mistakes(mistakes)
    return scenarios(features)


def make_plan(
    catalog: Catalog,
    found: Iterable[ScenarioPlan],
    dimensions: Dimensions,
    controls: Collection[str] = (),
    selection: Mapping[str, str] | None = None,
    foreign: bool = False,
) -> Plan:
    """The plan for these controls (patterns; all where none is given) in the selected cells. `foreign`: the target is
    not ours; then scenarios about the harness itself are left out, unless controls are named.

    Raises UsageError for a pattern that names no control, and where nothing is left to do.
    """
    wanted = wanted_controls(catalog, controls)
    cells: dict[ScenarioPlan, tuple[Cell, ...]] = {}
    left_out: list[Finding] = []
    axes = dimensions.asked_for(selection or {})
    for scenario in found:
        if wanted.intersection(scenario.controls):
            chosen = selected(cells_of(scenario.axes, axes), selection or {})
            if foreign and not controls and scenario.axes.get("target") == HARNESS:
                left_out += (
                    _not_run(expectation, cell, OF_THE_HARNESS)
                    for cell in chosen
                    for expectation in scenario.expectations
                )
            elif chosen:
                cells[scenario] = chosen
    judged = {control for scenario in found for control in scenario.controls}
    rest = Cell(dimensions.target, dimensions.os)
    without = [
        _not_run(expectation.id, rest, NO_SCENARIO)
        for id in sorted(wanted - judged)
        for expectation in catalog.controls[id].expectations
    ]
    if not cells and not without:
        raise UsageError("nothing to run: no scenario is left by --controls and --cell together")
    unasked = dimensions.unasked(selection or {}) if any("browser" in scenario.axes for scenario in cells) else ()
    return Plan(catalog, cells, (*without, *left_out), unasked)


def _not_run(expectation: str, cell: Cell, reason: str) -> Finding:
    return Finding(expectation, cell.id, Verdict.NOT_RUN, Basis.MACHINE, reason)


def wanted_controls(catalog: Catalog, patterns: Collection[str]) -> set[str]:
    """The ids that the patterns name; all where there is none. Raises UsageError for one that names no control."""
    wanted: set[str] = set()
    for pattern in patterns or ("*",):
        matched = {id for id in catalog.controls if fnmatchcase(id, pattern)}
        if not matched:
            raise UsageError(f"--controls: {pattern!r} names no control ({nearest(pattern, catalog.controls)})")
        wanted |= matched
    return wanted
