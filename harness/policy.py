"""Reads a policy: what a run must show before it passes the gate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from harness.errors import Mistake, Mistakes
from harness.model import Policy, Waiver
from harness.toml_lines import TomlFile, read_toml
from harness.toml_models import Day, Text, Written, validate

__all__ = ["load_policy"]

CHECKOUT = Path(__file__).resolve().parents[1]
CELL = "target/os/stage/browser/store, each part a name or *"


class WaiverTable(Written):
    """One `[[waiver]]`: a failure of a control, or of one expectation, that is accepted until a day."""

    control: str
    cell: Text
    reason: Text
    owner: Text
    expires: Day

    @field_validator("control")
    @classmethod
    def _control(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Z]+-\d+(\.E\d+)?", value):
            raise ValueError(f"{value!r} is no control; write TOKEN-10, or an expectation such as TOKEN-10.E2")
        return value


class PolicyTable(Written):
    name: Text | None = None
    controls: Annotated[list[Text], Field(min_length=1)]
    only_if_asked: dict[str, Text] = Field(default_factory=dict)
    require_kill_matrix: bool = False
    may_be_not_run: dict[str, Text] = Field(default_factory=dict)
    may_be_not_applicable: dict[str, Text] = Field(default_factory=dict)
    waiver: list[WaiverTable] = Field(default_factory=list)


def load_policy(path: Path) -> Policy:
    """The policy in a TOML file. Raises Mistakes, all at once, each with its line.

    `controls_of` names another policy, beside it, on whose controls this one gates as well.
    """
    file = _with_controls(read_toml(path))
    table, mistakes = validate(PolicyTable, file)
    mistakes += _cell_mistakes(file)
    if table is None or mistakes:
        raise Mistakes(mistakes)
    return Policy(
        name=table.name or path.stem,
        controls=tuple(table.controls),
        only_if_asked=dict(table.only_if_asked),
        may_be_not_run=dict(table.may_be_not_run),
        may_be_not_applicable=dict(table.may_be_not_applicable),
        waivers=tuple(_waiver(waiver, file.line(("waiver", n))) for n, waiver in enumerate(table.waiver)),
        require_kill_matrix=table.require_kill_matrix,
        file=_named(path),
    )


def _with_controls(file: TomlFile) -> TomlFile:
    """The file with the controls of the policy that it names."""
    named = file.data.get("controls_of")
    if not isinstance(named, str):
        return file
    if "controls" in file.data:
        raise Mistakes([file.mistake(("controls_of",), "names controls a second time", "keep it, or controls")])
    other = read_toml(file.path.parent / named)
    rest = {key: value for key, value in file.data.items() if key != "controls_of"}
    return replace(file, data={**rest, "controls": other.data.get("controls", [])})


def _waiver(table: WaiverTable, line: int) -> Waiver:
    return Waiver(table.control, table.cell, table.reason, table.owner, table.expires.isoformat(), line)


def _named(path: Path) -> str:
    """The file as it may stand in a report, without the path of this machine: from the working directory or from this
    checkout where it lies in one of them, else its name."""
    for folder in (Path.cwd(), CHECKOUT):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name if path.is_absolute() else path.as_posix()


def _cell_mistakes(file: TomlFile) -> Iterator[Mistake]:
    """Cell patterns of the wrong shape, and one that would excuse every cell from being run."""
    for key in ("may_be_not_run", "may_be_not_applicable"):
        allowed = file.data.get(key)
        for pattern in allowed if isinstance(allowed, dict) else ():
            yield from _pattern_mistakes(file, key, pattern)
    waivers = file.data.get("waiver")
    for index, waiver in enumerate(waivers if isinstance(waivers, list) else ()):
        cell = waiver.get("cell") if isinstance(waiver, dict) else None
        if isinstance(cell, str) and cell.count("/") != 4:
            yield file.mistake(("waiver", index, "cell"), f"{cell!r} is no cell pattern", f"write {CELL}")


def _pattern_mistakes(file: TomlFile, key: str, pattern: str) -> Iterator[Mistake]:
    if pattern.count("/") != 4:
        yield file.mistake((key, pattern), f"{pattern!r} is no cell pattern", f"write {CELL}")
    elif key == "may_be_not_run" and set(pattern) == {"*", "/"}:
        hint = "a run that did nothing would pass; name the os, browser or store that may be absent"
        yield file.mistake((key, pattern), f"{pattern!r} excuses every cell", hint)
