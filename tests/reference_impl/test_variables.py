"""The declarations of environment variables: each once, and none beside them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import reference_impl
from reference_impl.config import STAGES, variables
from reference_impl.config.variables import Type, Variable

SOURCES = Path(reference_impl.__file__).parent
NAME = re.compile(r"(?:AUTH|SST|AWS)_[A-Za-z_]+")
SET_ONLY = {"SST_RESOURCE_"}


def strings(path: Path) -> Iterator[str]:
    """Every string constant of a module that is the whole name of a variable."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
            yield node.value


def test_no_module_names_a_variable_that_is_not_declared() -> None:
    declared = {variable.name for variable in variables.every()}
    named = {name for path in SOURCES.rglob("*.py") for name in strings(path)}
    assert named - SET_ONLY <= declared


def test_every_variable_is_declared_once_and_says_what_it_means() -> None:
    names = [variable.name for variable in variables.every()]
    assert len(names) == len(set(names))
    for variable in variables.every():
        assert variable.meaning
        assert set(variable.stages) <= set(STAGES)
        assert variable.secret or variable.example or variable.default, variable.name
        assert (variable.type is Type.CHOICE) == bool(variable.choices)


def test_a_secret_variable_has_no_example() -> None:
    assert not [variable.name for variable in variables.every() if variable.secret and variable.example]


@pytest.mark.parametrize("environ", [{}, {"AUTH_X": ""}])
def test_a_variable_that_is_not_set_or_empty_has_its_default(environ: dict[str, str]) -> None:
    assert Variable("AUTH_X", Type.TEXT, "an example", default="standard").read(environ) == "standard"
