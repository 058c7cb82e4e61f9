"""The JSON Schema of descriptions, by which editors complete and check them.

`python -m harness.targets.description_schema` writes it anew.
"""

from __future__ import annotations

import json

from harness.machine.places import CHECKOUT
from harness.targets.description_tables import DescriptionTable

__all__ = ["SCHEMA", "schema_text"]

SCHEMA = CHECKOUT / "reports" / "schemas" / "target.schema.json"


def schema_text() -> str:
    """The file's text, as the tables are now."""
    schema = DescriptionTable.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Target of Authassay"}
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    SCHEMA.parent.mkdir(exist_ok=True)
    SCHEMA.write_text(schema_text(), encoding="utf-8")
