"""Reads the description of a desktop shell, or tells every mistake in it at once, each with its line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

from harness.catalog import load_catalog
from harness.errors import Mistakes
from harness.model import Catalog
from harness.targets.description_file import expected_failures, fill_in
from harness.targets.description_mistakes import mistakes_in
from harness.targets.electron_description import BridgeDescription, ShellDescription
from harness.targets.electron_tables import ShellTable
from harness.toml_lines import read_toml
from harness.toml_models import validate

__all__ = ["describes_shell", "load_shell"]


def describes_shell(path: Path) -> bool:
    """Whether the TOML file says that it describes a desktop shell. Raises Mistakes where it cannot be read."""
    return read_toml(path).data.get("kind") == "electron"


def load_shell(
    path: Path, environment: Mapping[str, str] = os.environ, catalog: Catalog | None = None, today: date | None = None
) -> ShellDescription:
    """The description in a TOML file, with `${NAME}` replaced by what the environment holds.

    Raises Mistakes, each with file and line. `today` is the day by which expected failures expire.
    """
    written = read_toml(path)
    filled, mistakes = fill_in(written, environment)
    table, wrong = validate(ShellTable, filled)
    rest = [*mistakes_in(filled, catalog or load_catalog(), today or datetime.now(UTC).date())]
    if table is None or mistakes or wrong or rest:
        unset = {each.line for each in mistakes}
        raise Mistakes([*mistakes, *(each for each in (*wrong, *rest) if each.line not in unset)])
    return ShellDescription(
        name=table.name,
        version=table.version,
        stage=table.stage,
        page=table.page,
        pages=tuple(table.pages),
        hosts=frozenset(table.hosts),
        command=tuple(table.command),
        released=tuple(table.released or (part for part in table.command if "{port}" not in part)),
        environment=table.environment,
        debugging=urlsplit(table.debugging).netloc if table.debugging else "",
        bridge=_bridge(table),
        held={str(kind): value for kind, value in table.held.items()},
        seconds=table.seconds,
        absent={str(capability): reason for capability, reason in table.absent.items()},
        expected_failures=expected_failures(table.expected_failure, path),
        remedies=table.remedies,
        file=path,
    )


def _bridge(table: ShellTable) -> BridgeDescription:
    told = table.bridge
    return BridgeDescription(
        objects=tuple(told.objects),
        functions=None if told.functions is None else tuple(told.functions),
        spared=tuple(told.spared),
        subscribe=told.subscribe or "",
        provoke=told.provoke or "",
    )
