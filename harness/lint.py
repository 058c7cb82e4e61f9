"""Finds the mistakes in feature files that pytest-bdd lets pass, and those that only the catalog can tell.

Each rule is a generator over one scenario, or over all of them; `lint_features` runs them and sorts what they say.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from harness.errors import Mistake, Mistakes, nearest
from harness.features import CONTROL_TAG, JUDGES, ScenarioPlan, WrittenFeature, WrittenScenario, read_feature, scenarios
from harness.model import STAGES, Catalog

__all__ = ["FindsUndefined", "ScenarioPlan", "lint_features", "scenarios"]

FindsUndefined = Callable[[Path], Iterable[Mistake]]
"""The steps in a feature file that no step module defines."""

STORE = re.compile(r"[a-z][a-z0-9-]*")
AXIS_VALUES = {"target": ("self",), "stage": ("each", "all", *STAGES), "browser": ("each",), "store": ("each",)}
PLAIN_TAGS = ("destructive",)
SECTIONS = ("Background:", "Examples:", "Rule:", "Scenario:")
LOOKS_LIKE_AN_EXPECTATION = re.compile(r"[A-Za-z]+-\d+\.?[Ee]\d+")


def lint_features(features: Path, catalog: Catalog, undefined: FindsUndefined | None = None) -> list[Mistake]:
    """All mistakes in the feature files under a folder, by file and line; with `undefined`, these steps too."""
    mistakes: list[Mistake] = []
    lost: list[Mistake] = []
    read: list[WrittenScenario] = []
    files = sorted(features.rglob("*.feature"))
    if not files:
        return [Mistake(features, 0, "holds no feature files", "write the first, such as token.feature")]
    for file in files:
        try:
            feature = read_feature(file)
            read += feature.scenarios
            mistakes += _misspelt(feature)
            lost += undefined(file) if undefined else ()
        except Mistakes as error:
            mistakes += error.mistakes
    for scenario in read:
        mistakes += _lint(scenario, catalog)
    mistakes += _repeated_names(read)
    mistakes += _unjudged(read, catalog)
    told = {(mistake.file, mistake.line) for mistake in mistakes}
    mistakes += [mistake for mistake in lost if (mistake.file, mistake.line) not in told]  # one cause is told once
    return sorted(set(mistakes))


def _lint(scenario: WrittenScenario, catalog: Catalog) -> Iterator[Mistake]:
    yield from _tags(scenario, catalog)
    yield from _axes(scenario)
    yield from _shape(scenario)
    yield from _phrases(scenario, catalog)
    yield from _judgements(scenario, catalog)


def _misspelt(feature: WrittenFeature) -> Iterator[Mistake]:
    """A misspelt keyword makes its line a description: the step, or the whole scenario, is lost without a word."""
    for line in feature.prose:
        word = line.text.split()[0]
        near = nearest(word.capitalize(), SECTIONS)
        if word.endswith(":") and near.startswith("did you mean"):
            yield Mistake(feature.file, line.line, f"{line.text!r} is read as a description", near)
        elif line.among_steps:
            hint = "a step begins with Given, When or Then; what explains belongs under Feature or in a comment"
            yield Mistake(feature.file, line.line, f"{line.text!r} is no step and would be lost", hint)


def _tags(scenario: WrittenScenario, catalog: Catalog) -> Iterator[Mistake]:
    for tag in scenario.tags:
        if CONTROL_TAG.fullmatch(tag.name):
            if tag.name not in catalog.controls:
                yield Mistake(
                    scenario.file, tag.line, f"unknown control @{tag.name}", nearest(tag.name, catalog.controls)
                )
        elif ":" not in tag.name and tag.name not in PLAIN_TAGS:
            valid = nearest(tag.name.upper(), [*catalog.controls, *(name.upper() for name in PLAIN_TAGS)])
            hint = "a tag is a control such as @TOKEN-01, an axis such as @stage:each, or @destructive"
            close = valid.startswith("did you mean")
            yield Mistake(scenario.file, tag.line, f"unknown tag @{tag.name}", valid if close else hint)


def _axes(scenario: WrittenScenario) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for tag in scenario.tags:
        axis, colon, value = tag.name.partition(":")
        if not colon:
            continue
        if axis not in AXIS_VALUES:
            yield Mistake(scenario.file, tag.line, f"unknown axis @{tag.name}", nearest(axis, AXIS_VALUES))
        elif value not in AXIS_VALUES[axis] and not (axis == "store" and STORE.fullmatch(value)):
            hint = nearest(value, AXIS_VALUES[axis])
            yield Mistake(scenario.file, tag.line, f"unknown value {value!r} of the axis {axis!r}", hint)
        elif seen.setdefault(axis, value) != value:
            hint = "one value an axis; for all of them write each"
            yield Mistake(scenario.file, tag.line, f"@{tag.name} beside @{axis}:{seen[axis]}", hint)


def _shape(scenario: WrittenScenario) -> Iterator[Mistake]:
    """What makes a scenario pass without anything being verified."""
    title = f"the scenario {scenario.name!r}"
    if not scenario.name:
        yield Mistake(scenario.file, scenario.line, "a scenario without a name", "its name is its id in the evidence")
    if not scenario.controls:
        hint = "tag it with the control that it verifies, such as @TOKEN-01"
        yield Mistake(scenario.file, scenario.line, f"{title} has no control", hint)
    if not scenario.steps:
        yield Mistake(scenario.file, scenario.line, f"{title} has no steps", "it would pass; write them or delete it")
    elif not any(step.phrase == "Then" for step in scenario.steps):
        yield Mistake(scenario.file, scenario.line, f"{title} has no Then", "add: Then TOKEN-01.E1 holds: …")
    if scenario.examples == ():
        yield Mistake(scenario.file, scenario.line, f"{title} is an outline without a row of Examples", "it never runs")


def _phrases(scenario: WrittenScenario, catalog: Catalog) -> Iterator[Mistake]:
    """Steps that seem to judge and do not."""
    for step in scenario.background + scenario.steps:
        match = LOOKS_LIKE_AN_EXPECTATION.match(step.text)
        if match is None:
            continue
        if not JUDGES.match(step.text):
            hint = "write it as: Then TOKEN-01.E1 holds: words that an auditor understands"
            yield Mistake(scenario.file, step.line, f"{match[0]!r} is not judged by {step.text!r}", hint)
        elif step.phrase != "Then" or step in scenario.background:
            where = "a Background" if step in scenario.background else f"a {step.phrase}"
            yield Mistake(
                scenario.file, step.line, f"{match[0]} stands in {where}, which judges nothing", "make it a Then"
            )


def _judgements(scenario: WrittenScenario, catalog: Catalog) -> Iterator[Mistake]:
    known = {expectation.id for control in catalog.controls.values() for expectation in control.expectations}
    seen: set[str] = set()
    for step in scenario.steps:
        if step.judges is None:
            continue
        control = step.judges.rpartition(".")[0]
        if step.judges not in known:
            near = [id for id in known if id.startswith(f"{control}.")] or known
            yield Mistake(scenario.file, step.line, f"unknown expectation {step.judges}", nearest(step.judges, near))
        elif control not in scenario.controls:
            what = f"{step.judges} is judged in a scenario that is not tagged @{control}"
            yield Mistake(scenario.file, step.line, what, f"add the tag @{control}, or judge it elsewhere")
        if step.judges in seen:
            yield Mistake(scenario.file, step.line, f"{step.judges} is judged twice in one scenario", "once is enough")
        seen.add(step.judges)


def _repeated_names(read: Iterable[WrittenScenario]) -> Iterator[Mistake]:
    first: dict[str, WrittenScenario] = {}
    for scenario in read:
        earlier = first.setdefault(scenario.name, scenario)
        if earlier is not scenario and scenario.name:
            what = f"a second scenario with the name {scenario.name!r}"
            hint = f"the first is at {earlier.file.name}:{earlier.line}; of two, one would be lost: rename it"
            yield Mistake(scenario.file, scenario.line, what, hint)


def _unjudged(read: Sequence[WrittenScenario], catalog: Catalog) -> Iterator[Mistake]:
    """A control with a scenario has every expectation judged, in one of its scenarios."""
    judged = {expectation for scenario in read for expectation in scenario.judged}
    tagged: dict[str, list[WrittenScenario]] = defaultdict(list)
    for scenario in read:
        for control in scenario.controls:
            tagged[control].append(scenario)
    for control, its in tagged.items():
        for expectation in catalog.controls[control].expectations if control in catalog.controls else ():
            if expectation.id not in judged:
                line = its[0].controls[control].line
                what = f"{control} has a scenario, but no Then step judges {expectation.id}"
                yield Mistake(its[0].file, line, what, f"add: Then {expectation.id} holds: … ({expectation.text})")
