"""Mistakes of a description that its schema cannot tell: what other parts of the file, the catalog or the day say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from harness.catalog.rules import ceiling_mistake
from harness.errors import Mistake, nearest
from harness.model import STAGES, Catalog
from harness.probes.login import PLACEHOLDERS
from harness.redact import SHORTEST
from harness.targets.description_places import cell_mistakes, is_in_clear
from harness.toml_lines import KeyPath, TomlFile

__all__ = ["mistakes_in", "steps_of"]

TAKEN = ("reference", "self")


def mistakes_in(file: TomlFile, catalog: Catalog, today: date) -> Iterator[Mistake]:
    """Each with its line. What is not of its type is passed over: that the schema tells."""
    yield from _parameter_mistakes(file, catalog)
    yield from _expectation_mistakes(file, catalog)
    yield from _name_mistakes(file)
    yield from _stage_mistakes(file)
    yield from _secret_mistakes(file)
    yield from _login_mistakes(file)
    yield from _cell_mistakes(file)
    yield from _expired(file, today)


def steps_of(file: TomlFile) -> list[Mapping[str, Any]]:
    """The steps of the login, as they are written."""
    return _tables(_table(file.data.get("login")).get("step"))


def _parameter_mistakes(file: TomlFile, catalog: Catalog) -> Iterator[Mistake]:
    for name, value in _table(file.data.get("parameters")).items():
        at = ("parameters", name)
        if name not in catalog.parameters:
            yield file.mistake(at, f"unknown parameter {name!r}", nearest(name, catalog.parameters))
        elif isinstance(value, int | float) and (over := ceiling_mistake(catalog.parameters[name], value)):
            yield file.mistake(at, over, "lower the value" if value > 0 else "write a larger one")


def _expectation_mistakes(file: TomlFile, catalog: Catalog) -> Iterator[Mistake]:
    expectations = [each.id for control in catalog.controls.values() for each in control.expectations]
    named: list[tuple[KeyPath, object]] = [(("remedies", id), id) for id in _table(file.data.get("remedies"))]
    for index, each in enumerate(_tables(file.data.get("expected_failure"))):
        named.append((("expected_failure", index, "expectation"), each.get("expectation")))
    for at, id in named:
        if isinstance(id, str) and id not in expectations and not (id in catalog.controls and at[0] != "remedies"):
            yield file.mistake(at, f"unknown expectation {id!r}", nearest(id, expectations))


def _name_mistakes(file: TomlFile) -> Iterator[Mistake]:
    if file.data.get("name") in TAKEN:
        what = f"{file.data['name']!r} is the name of a target that comes along"
        yield file.mistake(("name",), what, "reports would mix them up; choose another")


def _stage_mistakes(file: TomlFile) -> Iterator[Mistake]:
    for name, stage in _table(file.data.get("stage")).items():
        at: KeyPath = ("stage", name)
        issuer, ca_file = _table(stage).get("issuer"), _table(stage).get("ca_file")
        relied_on = name == "prod" or _table(stage).get("prod") is True
        if relied_on and isinstance(issuer, str) and is_in_clear(issuer):
            hint = f"write https{issuer.removeprefix('http')} (RFC 8414 §2)"
            yield file.mistake((*at, "issuer"), f"the issuer of {name} is reached without TLS", hint)
        if isinstance(ca_file, str) and not (file.path.parent / ca_file).is_file():
            where = f"it is looked for in {file.path.parent}"
            yield file.mistake((*at, "ca_file"), f"there is no file {ca_file!r}", where)
        seen: set[str] = set()
        for index, client in enumerate(_tables(_table(stage).get("client"))):
            id = str(client.get("id", ""))
            if id in seen:
                yield file.mistake(
                    (*at, "client", index, "id"), f"the client {id!r} is there twice", "describe it once"
                )
            seen |= {id} - {""}


def _secret_mistakes(file: TomlFile) -> Iterator[Mistake]:
    """Secrets that could not be told from ordinary text; they are not shown."""
    places: list[tuple[KeyPath, object]] = [
        (("stage", stage, kind, index, key), each.get(key))
        for stage, table in _table(file.data.get("stage")).items()
        for kind, key in (("user", "password"), ("client", "secret"))
        for index, each in enumerate(_tables(_table(table).get(kind)))
    ]
    for at, value in places:
        if isinstance(value, str) and 0 < len(value) < SHORTEST:
            what = f"a {at[-1]} of {len(value)} characters is too short to be kept out of the evidence"
            yield file.mistake(at, what, f"use {SHORTEST} characters or more")


def _login_mistakes(file: TomlFile) -> Iterator[Mistake]:
    """Values that no user has, and steps that only a browser can take."""
    by_forms = _table(file.data.get("login")).get("by", "form") == "form"
    for index, step in enumerate(steps_of(file)):
        at: KeyPath = ("login", "step", index)
        for word in re.findall(r"\{(\w*)\}", str(step.get("value", ""))):
            if word not in PLACEHOLDERS:
                yield file.mistake((*at, "value"), f"no user has a {word!r}", nearest(word, PLACEHOLDERS))
        yield from _selectors(file, at, step) if by_forms else ()


def _selectors(file: TomlFile, at: KeyPath, step: Mapping[str, Any]) -> Iterator[Mistake]:
    for key in ("fill", "click", "wait"):
        word = step.get(key)
        if isinstance(word, str) and (key == "wait" or re.search(r"[\[\]>=:]|^\.", word)):
            what = f"{word!r} is a CSS selector, and this login is by forms"
            hint = 'name the field or button by its name, id or text, or write by = "browser"'
            yield file.mistake((*at, key), what, hint)


def _cell_mistakes(file: TomlFile) -> Iterator[Mistake]:
    """Expected failures in cells that there cannot be."""
    stages = [stage for stage in STAGES if stage in _table(file.data.get("stage"))] or STAGES
    for index, each in enumerate(_tables(file.data.get("expected_failure"))):
        for what, hint in cell_mistakes(str(each.get("cell", "")), str(file.data.get("name")), stages):
            yield file.mistake(("expected_failure", index, "cell"), what, hint)


def _expired(file: TomlFile, today: date) -> Iterator[Mistake]:
    for index, each in enumerate(_tables(file.data.get("expected_failure"))):
        expires = each.get("expires")
        if isinstance(expires, date) and not isinstance(expires, datetime) and expires < today:
            what = f"the expected failure of {each.get('expectation')} expired on {expires}"
            hint = "delete it where the defect is mended, else give it another day"
            yield file.mistake(("expected_failure", index, "expires"), what, hint)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _tables(value: object) -> list[Mapping[str, Any]]:
    return [_table(item) for item in value] if isinstance(value, list) else []
