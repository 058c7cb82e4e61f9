"""A catalog as canonical JSON, the form that is digested and that lies in a bundle as `controls.json`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace

from pydantic import TypeAdapter, ValidationError

from harness.errors import EvidenceError
from harness.model import Catalog

__all__ = ["catalog_from_json", "catalog_json", "with_digest"]

_ADAPTER = TypeAdapter(Catalog)


def catalog_json(catalog: Catalog) -> str:
    """Canonical JSON: keys sorted, no blanks, the digest left out. The same catalog gives the same bytes."""
    data = asdict(catalog)
    del data["digest"]
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def catalog_from_json(text: str | bytes) -> Catalog:
    """The catalog of a `controls.json`, its digest computed afresh. Raises EvidenceError where it is none."""
    try:
        return with_digest(_ADAPTER.validate_json(text))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise EvidenceError(f"controls.json is no catalog: {place}: {first['msg']}") from error


def with_digest(catalog: Catalog) -> Catalog:
    """The same with its SHA-256, 64 hex digits, over the canonical JSON in UTF-8."""
    return replace(catalog, digest=hashlib.sha256(catalog_json(catalog).encode()).hexdigest())
