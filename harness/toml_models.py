"""A TOML table into a pydantic model: every mistake with its line, told in our words.

A model that people fill in derives from `Written`: no unknown keys, no coercion of types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from harness.errors import Mistake, nearest
from harness.toml_lines import KeyPath, TomlFile

__all__ = ["Day", "Text", "Written", "look_up", "validate"]

Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
"""A string with something in it."""


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("that is no day; write one such as 2027-01-31") from None
    if isinstance(value, datetime):
        raise ValueError("that is a time; write the last day that it holds, such as 2027-01-31")
    return value


Day = Annotated[date, BeforeValidator(_day)]
"""A day, as TOML writes it or as a string."""

M = TypeVar("M", bound=BaseModel)

_KINDS = {
    "bool_type": "true or false",
    "date_type": "a date such as 2027-01-31",
    "dict_type": "a table",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "an array",
    "model_type": "a table",
    "string_type": "a string",
}
_EMPTY = {"string_too_short", "string_pattern_mismatch", "too_short"}


class Written(BaseModel):
    """A table that a person writes: its keys are these and no others, its types are exact."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def validate(model: type[M], file: TomlFile, at: KeyPath = (), subject: str = "") -> tuple[M | None, list[Mistake]]:
    """The table at `at` as a `model`, or None and all that is wrong with it. `subject` names it in the messages."""
    try:
        return model.model_validate(look_up(file.data, at)), []
    except ValidationError as error:
        every = error.errors(include_url=False)
        misnamed = [each["loc"][:-1] for each in every if each["loc"][-1:] == ("[key]",)]
        told = [each for each in every if each["type"] != "missing" or not _lies_in(each["loc"], misnamed)]
        return None, [_mistake(model, file, at, subject, details) for details in told]


def look_up(data: Any, at: KeyPath) -> Any:
    """The value under a path of keys and indices. Raises KeyError, IndexError."""
    for part in at:
        data = data[part]
    return data


def _lies_in(where: KeyPath, tables: Iterable[KeyPath]) -> bool:
    """Whether this is inside one of the tables."""
    return any(where[: len(table)] == table for table in tables)


def _mistake(model: type[BaseModel], file: TomlFile, at: KeyPath, subject: str, details: ErrorDetails) -> Mistake:
    where = tuple(part for part in details["loc"] if part != "[key]")
    what, hint = _told(model, where, details)
    return file.mistake((*at, *where), f"{subject}: {what}" if subject else what, hint)


def _told(model: type[BaseModel], where: KeyPath, details: ErrorDetails) -> tuple[str, str]:
    """What is wrong, and the nearest thing that would be right."""
    kind, found = details["type"], details["input"]
    name = _dotted(where)
    if kind == "missing":
        return f"lacks the key {name!r}", f"add {name} = …"
    if kind == "extra_forbidden":
        return f"unknown key {name!r}", nearest(str(where[-1]), _keys_at(model, where[:-1]))
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", str(details.get("ctx", {}).get("expected", "")))
        return f"{name}: unknown value {found!r}", nearest(str(found), choices)
    if kind in _EMPTY:
        return f"{name} is empty", "write something there"
    if kind == "list_type" and isinstance(found, dict):
        return f"{name} is one table, and there may be several", f"write [[{name}]]"
    expected = _KINDS.get(kind)
    if expected:
        return f"{name} is {_shown(found)}, not {expected}", f"write {expected}"
    message = details["msg"].removeprefix("Value error, ")
    hint = "" if isinstance(found, dict) else f"found {_shown(found)}"
    return f"{name}: {message[:1].lower()}{message[1:]}", hint


def _dotted(where: KeyPath) -> str:
    """`source[2].ref`: counted from 1, as people count."""
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in where)
    return text.lstrip(".") or "the file"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _keys_at(model: type[BaseModel], where: KeyPath) -> list[str]:
    """The keys that the model has at a place inside it."""
    for part in where:
        if isinstance(part, str) and part in model.model_fields:
            model = next(_models_in(model.model_fields[part].annotation), model)
    return list(model.model_fields)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
