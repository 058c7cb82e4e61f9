"""Runs Gherkin scenarios under pytest: collects feature files, gives each scenario its cells, fails it at its end.

The only module of the harness that imports pytest. Then-steps record findings and never raise, so that one failed
expectation hides no other.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any, Protocol, cast

import pytest
from pytest_bdd import scenario as bind_scenario
from pytest_bdd.parser import Feature, Scenario, Step

from harness.errors import NotHere, NotOffered, TargetError
from harness.model import Cell, Finding, Verdict
from harness.scene import Scene
from harness.time_limit import TimeLimit

__all__ = ["Listener", "Runner", "ScenarioFailed", "ScenarioUnknown", "run_pytest"]


class ScenarioFailed(Exception):
    """At least one expectation of the scenario failed."""


class ScenarioUnknown(Exception):
    """No expectation failed, but at least one could not be judged."""


class Listener(Protocol):
    """Hears what happens, as it happens."""

    def scenario_started(self, scene: Scene, feature: Feature, scenario: Scenario) -> None: ...
    def step_started(self, scene: Scene, step: Step) -> None: ...
    def step_finished(self, scene: Scene, step: Step, finding: Finding | None, error: BaseException | None) -> None: ...
    def scenario_finished(self, scene: Scene, error: BaseException | None) -> None: ...


class Runner(Protocol):
    """What the plugin asks of a run."""

    def cells(self, file: Path, name: str) -> tuple[Cell, ...]: ...
    def open_scene(self, file: Path, name: str, example: str, cell: Cell) -> Scene: ...
    def close_scene(self, scene: Scene) -> None: ...
    @property
    def listeners(self) -> Iterable[Listener]: ...


class FeatureFile(pytest.Module):
    """A feature file as a module of tests, one per planned scenario."""

    def _getobj(self) -> types.ModuleType:
        runner: Runner = self.config.stash[RUNNER]
        module = types.ModuleType(self.path.stem)
        for number, name in enumerate(_scenario_names(self.path)):
            if runner.cells(self.path, name):
                setattr(module, f"test_{number:03}", _bind(self.path, name))
        return module


RUNNER: pytest.StashKey[Runner] = pytest.StashKey()


class Plugin:
    """The hooks. Everything that is decided is decided elsewhere."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[RUNNER] = self.runner
        config.addinivalue_line("markers", "scenario_of(file, name): the scenario that a test runs")

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
        return FeatureFile.from_parent(parent, path=file_path) if file_path.suffix == ".feature" else None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        bound = metafunc.definition.get_closest_marker("scenario_of")
        if bound is not None:
            cells = self.runner.cells(*bound.args)
            metafunc.parametrize("cell", cells, ids=[cell.id for cell in cells])

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_apply_tag(self, tag: str, function: Any) -> bool:
        return True  # tags name controls and axes; they are the plan's, not pytest's

    @pytest.fixture
    def scene(self, request: pytest.FixtureRequest, cell: Cell) -> Generator[Scene]:
        """The scenario in its cell."""
        bound = request.node.get_closest_marker("scenario_of")
        file, name = bound.args
        example = ", ".join(request.node.callspec.params.get("_pytest_bdd_example", {}).values())
        scene = self.runner.open_scene(file, name, example, cell)
        request.node.user_properties.append(("cell", cell.id))
        with scene.closing:
            yield scene

    def pytest_bdd_before_scenario(self, request: pytest.FixtureRequest, feature: Feature, scenario: Scenario) -> None:
        scene = request.getfixturevalue("scene")
        for listener in self.runner.listeners if scene.recorder.trial == 1 else ():
            listener.scenario_started(scene, feature, scenario)

    def pytest_bdd_before_step(self, request: pytest.FixtureRequest, step: Step) -> None:
        for listener in self.runner.listeners:
            listener.step_started(request.getfixturevalue("scene"), step)

    def pytest_bdd_after_step(self, request: pytest.FixtureRequest, step: Step) -> None:
        scene: Scene = request.getfixturevalue("scene")
        for listener in self.runner.listeners:
            listener.step_finished(scene, step, _judged_by(scene, step), None)

    def pytest_bdd_step_error(self, request: pytest.FixtureRequest, step: Step, exception: Exception) -> None:
        for listener in self.runner.listeners:
            listener.step_finished(request.getfixturevalue("scene"), step, None, exception)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        scene = cast("Scene | None", pyfuncitem.funcargs.get("scene"))
        if scene is None:
            return None
        wanted = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
        error = _trial(scene, lambda: pyfuncitem.obj(**wanted))
        if scene.must_be_confirmed:
            scene.begin_second_trial()
            error = _trial(scene, lambda: pyfuncitem.obj(**wanted)) or error
        _end(scene, error, self.runner)
        return True


def _trial(scene: Scene, steps: Callable[[], object]) -> BaseException | None:
    """Go through the scenario once; what it raised, if anything."""
    try:
        scene.require_leave()
        with TimeLimit(scene.target.scenario_seconds):
            steps()
    except KeyboardInterrupt:
        raise  # the run was interrupted: the scenario did not finish, and nothing it found counts
    except BaseException as error:  # noqa: BLE001 - whatever a scenario raises ends as a verdict
        return error
    return None


def _end(scene: Scene, error: BaseException | None, runner: Runner) -> None:
    """Give every expectation a verdict, tell the listeners, and raise what pytest should see."""
    if isinstance(error, NotOffered) and error.declared:
        scene.close_with(Verdict.NOT_APPLICABLE, str(error))
    elif isinstance(error, NotHere | NotOffered):
        scene.close_with(Verdict.NOT_RUN, str(error))
    elif isinstance(error, TimeoutError):
        scene.close_with(Verdict.UNKNOWN, f"the scenario did not end: {error}"[:800])
    elif isinstance(error, TargetError):
        scene.close_with(Verdict.UNKNOWN, f"the scenario could not go on: {error}"[:800])
    elif error is not None:
        scene.close_with(Verdict.UNKNOWN, f"the scenario crashed: {type(error).__name__}: {error}"[:800])
    else:
        scene.close_with(Verdict.UNKNOWN, "the scenario ended without judging it")
    runner.close_scene(scene)
    outcome = _outcome(scene, error)
    for listener in runner.listeners:
        listener.scenario_finished(scene, outcome)
    if outcome is not None:
        raise outcome from None


def _outcome(scene: Scene, error: BaseException | None) -> BaseException | None:
    redact = scene.recorder.redactor.text
    for verdict, raised in ((Verdict.FAILED, ScenarioFailed), (Verdict.UNKNOWN, ScenarioUnknown)):
        reasons = [f"{f.expectation}: {f.reason}" for f in scene.findings.values() if f.verdict is verdict]
        if reasons:
            return raised(redact("\n".join(reasons)))
    return pytest.skip.Exception(redact(str(error))) if error is not None else None


def _judged_by(scene: Scene, step: Step) -> Finding | None:
    return next((finding for id, finding in scene.findings.items() if step.name.startswith(f"{id} ")), None)


def _scenario_names(path: Path) -> list[str]:
    from pytest_bdd.feature import get_feature

    return list(get_feature(str(path.parent), path.name).scenarios)


def _bind(path: Path, name: str) -> Any:
    @pytest.mark.scenario_of(path, name)
    @bind_scenario(str(path), name, features_base_dir=str(path.parent))
    def test(cell: Cell, scene: Scene) -> None:
        """The scenario's steps are the test."""

    return test


def run_pytest(
    runner: Runner,
    features: Iterable[Path],
    steps: Iterable[str],
    arguments: Iterable[str],
    plugins: Iterable[object] = (),
) -> int:
    """Run the planned scenarios in this process; pytest's exit code. Steps are modules, loaded as plugins."""
    loaded = [part for module in steps for part in ("-p", module)]
    files = [str(path) for path in features]
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("PYTEST_ADDOPTS", raising=False)  # the caller's, for tests of his own
        own = [Plugin(runner), *plugins]
        return int(pytest.main([*loaded, "-p", "no:cacheprovider", *arguments, *files], plugins=own))
