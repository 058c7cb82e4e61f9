"""The JSON Schema of the events, generated from fields.py, for those who consume them in another language.

``python -m reference_impl.events.json_schema 1.1`` prints that version's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from reference_impl.events.fields import OUTCOMES, REASONS, VERSION, VERSIONS, EventType, Field, Reason, fields_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(version: str = VERSION) -> dict[str, object]:
    """Return the schema of an event's properties in this version; it is closed."""
    fields = fields_of(version)
    always = [name for name, field in fields.items() if not (field.optional or field.of_session)]
    of_session = [name for name, field in fields.items() if field.of_session]
    nobodys = {"properties": {"reason": {"const": Reason.MALFORMED}}}
    none_of_them: dict[str, object] = {"not": {"anyOf": [{"required": [name]} for name in of_session]}}
    return {
        "$schema": DIALECT,
        "$id": f"urn:authassay:auth-event:{version}",
        "title": f"Auth event, version {version}",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _member(name, field, version) for name, field in fields.items()},
        "required": always,
        "allOf": [
            {"if": nobodys, "then": none_of_them, "else": {"required": of_session}},
            *(_of_type(type_) for type_ in EventType),
        ],
    }


def schema_text(version: str = VERSION) -> str:
    """Return the schema as its file holds it."""
    return json.dumps(schema_of(version), indent=2, ensure_ascii=False) + "\n"


def _member(name: str, field: Field, version: str) -> dict[str, object]:
    member: dict[str, object] = {"description": field.meaning}
    if name == "version":
        member |= {"const": version}
    elif field.flag:
        member |= {"const": True}
    elif field.pattern:
        member |= {"type": "string", "pattern": f"^(?:{field.pattern})$", "maxLength": field.longest}
    else:
        member |= {"type": "integer", "minimum": 1}
    if field.personal is not None:
        member |= {"x-purpose": field.personal.purpose, "x-retention-days": field.personal.retention_days}
    return member


def _of_type(type_: EventType) -> Mapping[str, object]:
    told = {"reason": {"enum": sorted(REASONS[type_])}, "outcome": {"const": OUTCOMES[type_]}}
    return {"if": {"properties": {"type": {"const": type_}}}, "then": {"properties": told}}


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else VERSION
    if asked not in VERSIONS:
        sys.exit(f"no version {asked!r}; there are {', '.join(VERSIONS)}")
    sys.stdout.write(schema_text(asked))
