"""How plan, findings, observations and catalog are written in a bundle, and read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from harness.errors import EvidenceError
from harness.evidence.canonical import canonical, sha256
from harness.model import Catalog, Finding, Verdict, merge
from harness.observations import Observation, from_json, to_json

__all__ = [
    "LARGE",
    "Planned",
    "controls_from",
    "controls_json",
    "count",
    "finding_from",
    "finding_json",
    "in_order",
    "merged",
    "observation_from",
    "observation_json",
]

LARGE = 64 * 2**10  # bytes; a larger string of an observation lies under blobs/
_BLOB = "$blob"
_finding = TypeAdapter(Finding)
_catalog = TypeAdapter(Catalog)


@dataclass(frozen=True, order=True)
class Planned:
    """What a run means to judge: an expectation in a cell, by a scenario ("" where none exists)."""

    expectation: str
    cell: str
    scenario: str = ""


def finding_json(finding: Finding) -> dict[str, Any]:
    """The finding as a line of a bundle has it. Bundles made before there were symptoms have no such field, and a
    finding without any is written as theirs are."""
    data = {**asdict(finding), "observations": list(finding.observations), "shown_by": list(finding.shown_by)}
    symptoms = [{"text": one.text, "shown_by": list(one.shown_by)} for one in finding.symptoms]
    return {**{name: value for name, value in data.items() if name != "symptoms"},
            **({"symptoms": symptoms} if symptoms else {})}  # fmt: skip


def finding_from(data: Mapping[str, Any]) -> Finding:
    """The finding in `data`. Raises EvidenceError."""
    try:
        return _finding.validate_python(dict(data))
    except ValidationError as error:
        raise EvidenceError(f"no finding: {_first(error)}") from None


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in the one order in which they are written."""
    return sorted(findings, key=lambda f: (f.expectation, f.cell, f.scenario, canonical(finding_json(f))))


def merged(findings: Iterable[Finding]) -> dict[tuple[str, str], Verdict]:
    """The verdict on each expectation in each cell: the worst that any scenario came to."""
    verdicts: dict[tuple[str, str], list[Verdict]] = {}
    for finding in findings:
        verdicts.setdefault((finding.expectation, finding.cell), []).append(finding.verdict)
    return {pair: merge(several) for pair, several in sorted(verdicts.items())}


def count(findings: Iterable[Finding]) -> dict[str, int]:
    """How many expectations × cells have each verdict, after merging; every verdict is there."""
    counts = Counter(merged(findings).values())
    return {verdict.value: counts[verdict] for verdict in Verdict}


def observation_json(observation: Observation) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The observation with large strings taken out, and these by their SHA-256."""
    blobs: dict[str, bytes] = {}

    def take(value: Any) -> Any:
        if isinstance(value, str) and len(value) > LARGE // 4:
            data = value.encode("utf-8", "surrogatepass")
            if len(data) > LARGE:
                blobs[sha256(data)] = data
                return {_BLOB: sha256(data)}
        if isinstance(value, dict):
            return {key: take(item) for key, item in value.items()}
        return [take(item) for item in value] if isinstance(value, list) else value

    return take(to_json(observation)), blobs


def observation_from(data: Mapping[str, Any], blob: Callable[[str], bytes]) -> Observation:
    """The observation in `data`, its large strings fetched by `blob`. Raises EvidenceError."""

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            if value.keys() == {_BLOB} and isinstance(value[_BLOB], str):
                return blob(value[_BLOB]).decode("utf-8", "surrogatepass")
            return {key: put(item) for key, item in value.items()}
        return [put(item) for item in value] if isinstance(value, list) else value

    try:
        return from_json(put(data))
    except ValidationError as error:
        raise EvidenceError(f"no observation: {_first(error)}") from None
    except UnicodeDecodeError:
        raise EvidenceError("no observation: a blob is no text") from None


def controls_json(catalog: Catalog) -> dict[str, Any]:
    """The catalog as used, with the policy parameters."""
    return cast("dict[str, Any]", _catalog.dump_python(catalog, mode="json"))


def controls_from(data: Mapping[str, Any]) -> Catalog:
    """The catalog in `controls.json`. Raises EvidenceError."""
    try:
        return _catalog.validate_python(dict(data))
    except ValidationError as error:
        raise EvidenceError(f"no catalog of controls: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
