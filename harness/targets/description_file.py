"""Reads a target's description, or tells every mistake in it at once, each with its line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from harness.catalog import load_catalog
from harness.catalog.rules import ceiling_mistake
from harness.errors import Mistake, Mistakes, nearest
from harness.model import STAGES, Catalog, Waiver
from harness.observations import DocumentedLifetime
from harness.probes.login import PLACEHOLDERS, Login, User
from harness.probes.stage_address import Client
from harness.redact import SHORTEST
from harness.targets.description import Description, Limits, StageDescription
from harness.targets.description_places import cell_mistakes, is_in_clear
from harness.targets.description_tables import DescriptionTable, LifetimesTable, StageTable
from harness.toml_lines import KeyPath, TomlFile, read_toml
from harness.toml_models import validate

__all__ = ["VARIABLE", "load_description"]

VARIABLE = re.compile(r"\$\{(\w*)\}")
TAKEN = ("reference", "self")
ROLES = ("existing", "second")  # of the first two users; scenarios ask for them by these names


def load_description(
    path: Path, environment: Mapping[str, str] = os.environ, catalog: Catalog | None = None, today: date | None = None
) -> Description:
    """The description in a TOML file, with `${NAME}` replaced by what the environment holds.

    Raises Mistakes, each with file and line. `today` is the day by which expected failures expire.
    """
    written = read_toml(path)
    known = catalog or load_catalog()
    filled, mistakes = _with_variables(written, environment)
    table, wrong = validate(DescriptionTable, filled)
    rest = [
        *_parameter_mistakes(filled, known),
        *_expectation_mistakes(filled, known),
        *_name_mistakes(filled),
        *_stage_mistakes(filled),
        *_secret_mistakes(filled),
        *_login_mistakes(filled),
        *_cell_mistakes(filled),
        *_expired(filled, today or datetime.now(UTC).date()),
    ]
    if table is None or mistakes or wrong or rest:
        unset = {each.line for each in mistakes}  # what a text lacks there is not judged before it is filled in
        raise Mistakes([*mistakes, *(each for each in (*wrong, *rest) if each.line not in unset)])
    own = {**_documented_parameters(table.lifetimes, known), **table.parameters}
    return replace(_description(table, path), parameters=own, secrets=tuple(_secret_values(written, filled)))


def _description(table: DescriptionTable, path: Path) -> Description:
    return Description(
        name=table.name,
        version=table.version,
        stages={stage: _stage(table.stage[stage], path) for stage in STAGES if stage in table.stage},
        login=Login(table.login.by, tuple(step.step() for step in table.login.step), table.login.decline),
        absent={str(capability): reason for capability, reason in table.absent.items()},
        expected_failures=tuple(
            Waiver(each.expectation, each.cell, each.reason, each.owner, each.expires.isoformat(), file=path.name)
            for each in table.expected_failure
        ),
        remedies=table.remedies,
        limits=Limits(**table.limits.model_dump()),
        lifetimes=_lifetimes(table.lifetimes),
        assurance=table.lifetimes.assurance,
        file=path,
    )


def _stage(table: StageTable, path: Path) -> StageDescription:
    clients = {
        each.id: Client(
            each.id,
            each.redirect_uri,
            each.native,
            each.secret,
            each.authentication,
            tuple(each.other_redirect_uris),
        )
        for each in table.client
    }
    roles = [*ROLES, *(f"user{number}" for number in range(len(ROLES) + 1, len(table.user) + 1))]
    return StageDescription(
        issuer=table.issuer,
        clients=clients,
        users={role: User(each.name, each.password) for role, each in zip(roles, table.user, strict=False)},
        discovery=table.discovery or "",
        protected=table.protected or "",
        web=table.web or "",
        scope=table.scope,
        prod=table.prod,
        ca_file=path.parent / table.ca_file if table.ca_file else None,
        hosts=frozenset(table.hosts),
    )


def _lifetimes(table: LifetimesTable) -> dict[str, DocumentedLifetime]:
    names = ("access_token", "refresh_idle", "refresh_absolute", "reuse_grace")
    written = {name: getattr(table, name) for name in names}
    return {name: DocumentedLifetime(each.seconds, each.justification) for name, each in written.items() if each}


def _documented_parameters(table: LifetimesTable, known: Catalog) -> dict[str, float]:
    """The policy parameters that the documentation sets: scenarios wait for the grace that there is. What is over the
    ceiling sets none, and is judged by that."""
    grace, parameter = table.reuse_grace, known.parameters.get("reuse_grace")
    if grace is None or parameter is None or ceiling_mistake(parameter, grace.seconds):
        return {}
    return {parameter.name: grace.seconds}


def _with_variables(file: TomlFile, environment: Mapping[str, str]) -> tuple[TomlFile, list[Mistake]]:
    """The file with variables replaced; where one is not set, its text stands."""
    mistakes: list[Mistake] = []

    def value(at: KeyPath, found: Any) -> Any:
        if isinstance(found, Mapping):
            return {key: value((*at, key), each) for key, each in found.items()}
        if isinstance(found, list):
            return [value((*at, index), each) for index, each in enumerate(found)]
        return VARIABLE.sub(lambda match: variable(at, match), found) if isinstance(found, str) else found

    def variable(at: KeyPath, match: re.Match[str]) -> str:
        if environment.get(match[1]):
            return environment[match[1]]
        hint = f"set it: export {match[1]}=…" if match[1] else "write a name between the braces"
        mistakes.append(file.mistake(at, f"the environment variable {match[1]!r} is not set", hint))
        return match[0]

    return replace(file, data=value((), file.data)), mistakes


def _secret_values(written: TomlFile, filled: TomlFile) -> Iterator[str]:
    """What steps of the login take from the environment."""
    for raw, step in zip(_steps(written), _steps(filled), strict=True):
        if raw.get("value") != step.get("value"):
            yield str(step["value"])


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
    for index, step in enumerate(_steps(file)):
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


def _steps(file: TomlFile) -> list[Mapping[str, Any]]:
    return _tables(_table(file.data.get("login")).get("step"))


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _tables(value: object) -> list[Mapping[str, Any]]:
    return [_table(item) for item in value] if isinstance(value, list) else []
