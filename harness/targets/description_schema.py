"""The JSON Schema of descriptions, by which editors complete and check them.

`python -m harness.targets.description_schema` writes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from harness.machine.places import CHECKOUT
from harness.targets.description_tables import DescriptionTable, Table
from harness.targets.electron_tables import ShellTable

__all__ = ["SCHEMAS", "schema_text"]

_FOLDER = CHECKOUT / "reports" / "schemas"
SCHEMAS: Mapping[Path, type[Table]] = {
    _FOLDER / "target.schema.json": DescriptionTable,
    _FOLDER / "shell.schema.json": ShellTable,
}


def schema_text(table: type[Table]) -> str:
    """The file's text, as the tables are now."""
    schema = table.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Target of Authassay"}
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    for file, table in SCHEMAS.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(schema_text(table), encoding="utf-8")
