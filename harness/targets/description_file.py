"""Reads a target's description, or tells every mistake in it at once, each with its line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from harness.catalog import load_catalog
from harness.catalog.rules import ceiling_mistake
from harness.errors import Mistake, Mistakes
from harness.model import STAGES, Catalog, Waiver
from harness.observations import DocumentedLifetime
from harness.probes.login import Login, User
from harness.probes.stage_address import Client
from harness.targets.description import Description, Limits, StageDescription
from harness.targets.description_mistakes import mistakes_in, steps_of
from harness.targets.description_tables import DescriptionTable, ExpectedFailureTable, LifetimesTable, StageTable
from harness.toml_lines import KeyPath, TomlFile, read_toml
from harness.toml_models import validate

__all__ = ["VARIABLE", "expected_failures", "fill_in", "load_description"]

VARIABLE = re.compile(r"\$\{(\w*)\}")
ROLES = ("existing", "second")  # of the first two users; scenarios ask for them by these names


def load_description(
    path: Path, environment: Mapping[str, str] = os.environ, catalog: Catalog | None = None, today: date | None = None
) -> Description:
    """The description in a TOML file, with `${NAME}` replaced by what the environment holds.

    Raises Mistakes, each with file and line. `today` is the day by which expected failures expire.
    """
    written = read_toml(path)
    known = catalog or load_catalog()
    filled, mistakes = fill_in(written, environment)
    table, wrong = validate(DescriptionTable, filled)
    rest = [*mistakes_in(filled, known, today or datetime.now(UTC).date())]
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
        expected_failures=expected_failures(table.expected_failure, path),
        remedies=table.remedies,
        limits=Limits(**table.limits.model_dump()),
        lifetimes=_lifetimes(table.lifetimes),
        assurance=table.lifetimes.assurance,
        file=path,
    )


def expected_failures(tables: Iterable[ExpectedFailureTable], path: Path) -> tuple[Waiver, ...]:
    return tuple(
        Waiver(each.expectation, each.cell, each.reason, each.owner, each.expires.isoformat(), file=path.name)
        for each in tables
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


def fill_in(file: TomlFile, environment: Mapping[str, str]) -> tuple[TomlFile, list[Mistake]]:
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
    for raw, step in zip(steps_of(written), steps_of(filled), strict=True):
        if raw.get("value") != step.get("value"):
            yield str(step["value"])
