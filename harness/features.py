"""Reads feature files, by the parser that pytest-bdd runs them with, and keeps the lines that it forgets.

pytest-bdd's own `Feature` drops the earlier of two scenarios of one name and the places of tags, so this reads the
document below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gherkin.errors import CompositeParserException
from gherkin.parser import Parser
from pytest_bdd import gherkin_parser

from harness.errors import Mistake, Mistakes

__all__ = [
    "ScenarioPlan",
    "Step",
    "Tag",
    "WrittenFeature",
    "WrittenScenario",
    "instance_id",
    "read_feature",
    "scenarios",
]

CONTROL_TAG = re.compile(r"[A-Z]+-\d+")
JUDGES = re.compile(r"([A-Z]+-\d+\.E\d+) holds: \S")  # the phrase by which a Then step judges an expectation
PHRASES = {"Context": "Given", "Action": "When", "Outcome": "Then"}


@dataclass(frozen=True)
class ScenarioPlan:
    """A scenario as a run plans it. `axes` maps `stage`, `browser`, `store` to `each`, `all` or one value;
    `expectations` are the ids that it judges, in the order of its steps."""

    name: str
    file: Path
    line: int
    tags: tuple[str, ...]
    controls: tuple[str, ...]
    expectations: tuple[str, ...]
    axes: Mapping[str, str] = field(hash=False)
    examples: tuple[str, ...] = ("",)  # of an outline: each row's values, joined by commas

    def instances(self, cell: str) -> tuple[str, ...]:
        """The scenario's ids in a cell: `<feature>/<scenario>@<cell>`, an outline's with its example in brackets."""
        return tuple(instance_id(self.file, self.name, example, cell) for example in self.examples)


def instance_id(file: Path, name: str, example: str, cell: str) -> str:
    """The id of one scenario in one cell."""
    return f"{file.stem}/{name}{f' [{example}]' if example else ''}@{cell}"


@dataclass(frozen=True)
class Tag:
    """A tag without its `@`."""

    name: str
    line: int


@dataclass(frozen=True)
class Line:
    """A line of a description; `among_steps` where steps are expected, in a scenario or background."""

    text: str
    line: int
    among_steps: bool


@dataclass(frozen=True)
class Step:
    """A step; `phrase` is Given, When or Then, also where And or But is written."""

    phrase: str
    text: str
    line: int

    @property
    def judges(self) -> str | None:
        """The id of the expectation that the step judges."""
        match = JUDGES.match(self.text)
        return match[1] if match and self.phrase == "Then" else None


@dataclass(frozen=True)
class WrittenScenario:
    """A scenario as written, with the tags it inherits from its rule and feature, and the line of everything."""

    file: Path
    name: str
    line: int
    tags: tuple[Tag, ...]
    background: tuple[Step, ...]
    steps: tuple[Step, ...]
    examples: tuple[str, ...] | None  # rows of an outline, each with its values joined by commas

    @property
    def controls(self) -> dict[str, Tag]:
        """The controls that the scenario is tagged with, each with its tag."""
        return {tag.name: tag for tag in self.tags if CONTROL_TAG.fullmatch(tag.name)}

    @property
    def judged(self) -> tuple[str, ...]:
        return tuple(step.judges for step in self.steps if step.judges)

    def plan(self) -> ScenarioPlan:
        names = tuple(dict.fromkeys(tag.name for tag in self.tags))
        axes = dict(name.split(":", 1) for name in names if ":" in name)
        rows = self.examples or ("",)
        return ScenarioPlan(self.name, self.file, self.line, names, tuple(self.controls), self.judged, axes, rows)


@dataclass(frozen=True)
class WrittenFeature:
    """A feature file: its scenarios, and the lines of all descriptions, where a misspelt keyword ends unseen."""

    file: Path
    scenarios: tuple[WrittenScenario, ...]
    prose: tuple[Line, ...]


def scenarios(features: Path) -> tuple[ScenarioPlan, ...]:
    """All scenarios under a folder, by file and line. Raises Mistakes where a file is no Gherkin."""
    return tuple(s.plan() for file in sorted(features.rglob("*.feature")) for s in read_feature(file).scenarios)


def read_feature(file: Path) -> WrittenFeature:
    """The feature in a file. Raises Mistakes where it cannot be read or is no Gherkin, all that is wrong at once."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        document = Parser().parse(text)
    except CompositeParserException as error:
        raise Mistakes(_syntax_mistake(file, each) for each in error.errors) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Mistakes([Mistake(file, 0, f"cannot be read: {error}", "a feature file is text in UTF-8")]) from error
    if "feature" not in document:
        raise Mistakes([Mistake(file, 1, "holds no Feature", "begin with: Feature: NAME")])
    feature = gherkin_parser.Feature.from_dict(dict(document["feature"]))
    read = tuple(_scenarios_of(file, feature, _tags(feature.tags), ()))
    return WrittenFeature(file, read, tuple(_prose(feature, text.splitlines())))


def _syntax_mistake(file: Path, error: Exception) -> Mistake:
    message = re.sub(r"^\(\d+:\d+\): ", "", str(error))
    found = re.fullmatch(r"expected: .*, got '(.*)'", message, re.DOTALL)
    what = f"unexpected {found[1]!r}" if found else message
    location = getattr(error, "location", {})
    return Mistake(file, location.get("line", 0), what, "a step begins with Given, When, Then, And or But")


def _scenarios_of(
    file: Path,
    around: gherkin_parser.Feature | gherkin_parser.Rule,
    tags: tuple[Tag, ...],
    background: tuple[Step, ...],
) -> Iterator[WrittenScenario]:
    for child in around.children:
        if child.background:
            background += _steps(child.background.steps)
        elif child.rule:
            yield from _scenarios_of(file, child.rule, tags + _tags(child.rule.tags), background)
        elif child.scenario:
            written = child.scenario
            yield WrittenScenario(
                file=file,
                name=written.name,
                line=written.location.line,
                tags=tags + _tags(written.tags),
                background=background,
                steps=_steps(written.steps),
                examples=_rows(written),
            )


def _prose(
    node: gherkin_parser.Feature | gherkin_parser.Rule | gherkin_parser.Scenario | gherkin_parser.Background,
    lines: Sequence[str],
) -> Iterator[Line]:
    """The lines of a description, found again below the keyword that it belongs to, and of all that is in it."""
    number = node.location.line
    for text in filter(None, map(str.strip, node.description.splitlines())):
        number = next(n for n in range(number, len(lines)) if lines[n].strip() == text) + 1
        yield Line(text, number, hasattr(node, "steps"))
    for child in getattr(node, "children", ()):
        yield from _prose(child.background or child.rule or child.scenario, lines)


def _rows(scenario: gherkin_parser.Scenario) -> tuple[str, ...] | None:
    """The rows of an outline; None for a plain scenario."""
    outline = bool(scenario.examples) or "outline" in scenario.keyword.lower()
    rows = (row for table in scenario.examples for row in table.table_body or ())
    return tuple(", ".join(cell.value for cell in row.cells) for row in rows) if outline else None


def _tags(tags: Iterable[gherkin_parser.Tag]) -> tuple[Tag, ...]:
    return tuple(Tag(tag.name.removeprefix("@"), tag.location.line) for tag in tags)


def _steps(steps: Iterable[gherkin_parser.Step]) -> tuple[Step, ...]:
    """And, But and * go on with what came before; a scenario that begins with one of them begins with Given."""
    phrase, read = "Given", []
    for step in steps:
        phrase = PHRASES.get(step.keyword_type, phrase)
        read.append(Step(phrase, step.text, step.location.line))
    return tuple(read)
