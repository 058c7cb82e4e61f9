"""What must hold between the parts of a catalog, beyond the shape of each table.

The rules read the tables as written, so that a control with a mistake in its shape still has its ids and references
looked at, and a person sees all mistakes at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from harness.errors import Mistake, nearest
from harness.model import Parameter
from harness.toml_lines import KeyPath, TomlFile

__all__ = ["ceiling_mistake", "check_controls"]

_PARAMETER = re.compile(r"\bP\.(\w+)")


def check_controls(files: Iterable[TomlFile], parameters: Collection[str]) -> Iterator[Mistake]:
    """All mistakes in ids and references, over all files of an edition of the catalog."""
    seen: dict[str, str] = {}
    for file in files:
        for index, control in enumerate(_tables(file.data.get("control"))):
            at: KeyPath = ("control", index)
            yield from _check_id(file, at, control, seen)
            yield from _check_expectations(file, at, control)
            yield from _check_faults(file, at, control, seen)
            yield from _check_parameters(file, at, control, parameters)


def ceiling_mistake(parameter: Parameter, value: float) -> str | None:
    """What is wrong with this value of the parameter, or None."""
    if not 0 <= value < float("inf"):
        return f"{parameter.name} is {value:g}, which is no amount of {parameter.unit}"
    if parameter.ceiling is not None and value > parameter.ceiling:
        over = f"over its ceiling of {parameter.ceiling:g} {parameter.unit}"
        return f"{parameter.name} is {value:g} {parameter.unit}, {over} ({parameter.basis})"
    return None


def _check_id(file: TomlFile, at: KeyPath, control: Mapping[str, Any], seen: dict[str, str]) -> Iterator[Mistake]:
    name = control.get("id")
    area = file.path.stem.upper()
    if not isinstance(name, str):
        return
    if not re.fullmatch(rf"{area}-\d\d", name):
        where = f"a control in {file.path.name} is called {area}-01, {area}-02 and so on"
        yield file.mistake((*at, "id"), f"the id {name!r} does not fit this file", where)
    yield from _check_unique(file, (*at, "id"), name, seen)


def _check_unique(file: TomlFile, at: KeyPath, name: str, seen: dict[str, str]) -> Iterator[Mistake]:
    place = f"{file.path.name}:{file.line(at)}"
    if name in seen:
        yield file.mistake(at, f"the id {name!r} is there twice", f"first at {seen[name]}; choose a free one")
    seen.setdefault(name, place)


def _check_expectations(file: TomlFile, at: KeyPath, control: Mapping[str, Any]) -> Iterator[Mistake]:
    expect = _table(control.get("expect"))
    for position, number in enumerate(expect, start=1):
        if number != f"E{position}":
            hint = f"expectations are numbered E1, E2, … in order; E{position} comes here"
            yield file.mistake((*at, "expect", number), f"{_name(control)}: no expectation {number!r}", hint)
    for number in _table(control.get("guard")):
        if number not in expect:
            what = f"{_name(control)}: the guard names the expectation {number!r}, which is not there"
            yield file.mistake((*at, "guard", number), what, nearest(number, expect))
        if any(fault.get("caught_by") == number for fault in _tables(control.get("fault"))):
            what = f"{_name(control)}: {number} has a guard and a fault"
            yield file.mistake((*at, "guard", number), what, "a guard says why there is no fault; keep one of them")


def _check_faults(file: TomlFile, at: KeyPath, control: Mapping[str, Any], seen: dict[str, str]) -> Iterator[Mistake]:
    expect = _table(control.get("expect"))
    for index, fault in enumerate(_tables(control.get("fault"))):
        here = (*at, "fault", index)
        name, caught_by = fault.get("id"), fault.get("caught_by")
        if isinstance(name, str):
            yield from _check_unique(file, (*here, "id"), name, seen)
            if not re.fullmatch(rf"F-{re.escape(_name(control))}-[a-z]", name):
                hint = f"a fault of this control is called F-{_name(control)}-a, -b and so on"
                yield file.mistake((*here, "id"), f"the fault id {name!r} does not fit {_name(control)}", hint)
        if isinstance(caught_by, str) and caught_by not in expect:
            what = f"the fault {name} is to be caught by {caught_by!r}, which {_name(control)} does not expect"
            yield file.mistake((*here, "caught_by"), what, nearest(caught_by, expect))


def _check_parameters(
    file: TomlFile, at: KeyPath, control: Mapping[str, Any], parameters: Collection[str]
) -> Iterator[Mistake]:
    for path, text in _texts(at, control):
        for name in _PARAMETER.findall(text):
            if name not in parameters:
                what = f"{_name(control)} names the parameter P.{name}, which policy.toml does not have"
                yield file.mistake(path, what, nearest(name, parameters))


def _texts(at: KeyPath, value: object) -> Iterator[tuple[KeyPath, str]]:
    """Every string under a path, with its own path."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts((*at, key), item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts((*at, index), item)


def _name(control: Mapping[str, Any]) -> str:
    return str(control.get("id", "a control"))


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _tables(value: object) -> list[Mapping[str, Any]]:
    """The tables of an array, each at its index; what is no table counts as an empty one."""
    return [_table(item) for item in value] if isinstance(value, list) else []
