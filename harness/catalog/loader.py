"""Reads a folder of TOML files into a Catalog, or tells every mistake in it at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from harness.catalog.canonical import with_digest
from harness.catalog.rules import ceiling_mistake, check_controls
from harness.catalog.schema import ControlTable, ParameterTable
from harness.errors import Mistake, Mistakes, UsageError, nearest
from harness.model import Catalog, Control, Parameter
from harness.toml_lines import TomlFile, read_toml
from harness.toml_models import validate

__all__ = ["load_catalog"]

POLICY = "policy.toml"  # the parameters; every other file holds the controls of the area it is named after


def load_catalog(folder: Path | None = None, overrides: Mapping[str, float] | None = None) -> Catalog:
    """The catalog in `folder` (by default the one that comes with this package), with a target's parameter values.

    Raises Mistakes, each with file and line; UsageError where there is no catalog.
    """
    folder = folder or Path(str(files("harness.catalog")))
    paths = sorted(folder.glob("*.toml"))
    if folder / POLICY not in paths or len(paths) < 2:
        raise UsageError(f"{folder}: no catalog here; expected {POLICY} and a file of controls such as token.toml")
    mistakes: list[Mistake] = []
    written = _read(paths, mistakes)
    policy = written.pop(folder / POLICY, None)
    parameters = _parameters(policy, mistakes) if policy else {}
    controls = [control for file in written.values() for control in _controls(file, mistakes)]
    if policy:  # without its parameters every P.name would look like a mistake
        mistakes += check_controls(written.values(), policy.data.keys())
        parameters = _overridden(policy, parameters, overrides or {}, mistakes)
    if mistakes:
        raise Mistakes(mistakes)
    return with_digest(Catalog({control.id: control for control in controls}, parameters))


def _read(paths: Iterable[Path], mistakes: list[Mistake]) -> dict[Path, TomlFile]:
    read: dict[Path, TomlFile] = {}
    for path in paths:
        try:
            read[path] = read_toml(path)
        except Mistakes as error:
            mistakes += error.mistakes
    return read


def _controls(file: TomlFile, mistakes: list[Mistake]) -> list[Control]:
    mistakes += [
        file.mistake((key,), f"unknown key {key!r}", "a file of controls holds [[control]] tables only")
        for key in file.data
        if key != "control"
    ]
    tables = file.data.get("control")
    if not isinstance(tables, list) or not tables:
        mistakes.append(file.mistake(("control",), "holds no controls", "write them as [[control]]"))
        return []
    controls = []
    for index, raw in enumerate(tables):
        subject = str(raw.get("id", "a control")) if isinstance(raw, dict) else "a control"
        table, wrong = validate(ControlTable, file, ("control", index), subject)
        mistakes += wrong
        controls += [table.control(file.path.stem)] if table else []
    return controls


def _parameters(file: TomlFile, mistakes: list[Mistake]) -> dict[str, Parameter]:
    parameters = {}
    for name in file.data:
        table, wrong = validate(ParameterTable, file, (name,), name)
        mistakes += wrong
        if table:
            parameters[name] = parameter = table.parameter(name)
            over = ceiling_mistake(parameter, parameter.value)
            mistakes += [file.mistake((name, "value"), over, "lower the value")] if over else []
    return parameters


def _overridden(
    file: TomlFile, parameters: Mapping[str, Parameter], overrides: Mapping[str, float], mistakes: list[Mistake]
) -> dict[str, Parameter]:
    """The parameters with a target's own values; its mistakes are told at the line of the parameter they concern."""
    used = dict(parameters)
    for name, value in overrides.items():
        if name not in file.data:
            mistakes.append(file.mistake((), f"a target sets the unknown parameter {name!r}", nearest(name, file.data)))
        elif name in parameters:
            over = ceiling_mistake(parameters[name], value)
            mistakes += [file.mistake((name,), f"as a target sets it, {over}", "lower it there")] if over else []
            used[name] = replace(parameters[name], value=float(value))
    return used
