"""JSON with one spelling only: keys sorted, no spaces, UTF-8; so equal content has equal bytes and digests."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from harness.errors import EvidenceError

__all__ = ["DEEPEST", "LONGEST_LINE", "canonical", "canonical_line", "parse", "sha256"]

DEEPEST = 64  # levels of JSON
LONGEST_LINE = 16 * 2**20  # bytes of one JSON text


def canonical(value: object) -> bytes:
    """The canonical bytes of JSON-ready data. Raises ValueError for numbers that JSON does not know."""
    options: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "allow_nan": False}
    try:
        return json.dumps(value, ensure_ascii=False, **options).encode()
    except UnicodeEncodeError:  # half a surrogate pair has no UTF-8
        return json.dumps(value, **options).encode()


def canonical_line(value: object) -> bytes:
    return canonical(value) + b"\n"


def parse(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`, which must be spelled canonically. Raises EvidenceError."""
    if len(data) > LONGEST_LINE:
        raise EvidenceError(f"a JSON text of {len(data)} bytes; {LONGEST_LINE} are read at most")
    try:
        value = json.loads(data)
        spelled = canonical(value)
    except RecursionError:
        raise EvidenceError("JSON that is nested too deeply") from None
    except ValueError as error:
        raise EvidenceError(f"no JSON: {error}") from None
    if not isinstance(value, dict):
        raise EvidenceError("no JSON object")
    if _deeper(value, DEEPEST):
        raise EvidenceError(f"JSON that is nested deeper than {DEEPEST}")
    if spelled != data:
        raise EvidenceError("JSON that is not spelled canonically")
    return value


def _deeper(value: object, most: int) -> bool:
    level: list[object] = [value]
    for _ in range(most):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
