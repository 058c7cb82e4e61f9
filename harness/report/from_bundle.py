"""A report's input from a bundle. What the statement of a bundle says is shown as text, and not believed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from harness.evidence.audit import AuditReport
from harness.evidence.bundle import Bundle
from harness.evidence.seal import STATEMENT
from harness.model import Decision, Policy, Waiver
from harness.report.report_input import ReportInput, RunFacts, SealFacts

__all__ = ["input_from"]

LONGEST = 200  # characters of one fact
REMEDY = 2_000  # characters of one remedy
MACHINE = ("platform", "os", "python", "browser")


def input_from(
    bundle: Bundle,
    audited: AuditReport | None = None,
    decision: Decision | None = None,
    policy: Policy | None = None,
    public_key: Path | None = None,
) -> ReportInput:
    """What to report of this bundle. `public_key` is the auditor's; without one, the key beside the bundle is named."""
    return ReportInput(
        facts=_facts(bundle.predicate),
        catalog=bundle.catalog,
        findings=bundle.findings,
        observations=bundle.observations,
        seal=_seal(bundle, audited, public_key),
        decision=decision,
        policy=policy,
        kill_matrix=bundle.kill_matrix,
        remedies=_remedies(bundle.predicate.get("remedies")),
        expected_failures=_expected(bundle.predicate.get("expected_failures")),
    )


def _facts(predicate: Mapping[str, object]) -> RunFacts:
    versions, targets = _texts(predicate.get("versions")), _texts(predicate.get("targets"))
    return RunFacts(
        target=", ".join(targets) or "an unnamed target",
        version=", ".join(f"{name} {targets[name]}" for name in targets if name != "self" or len(targets) == 1),
        commit=_text(predicate.get("commit", "")),
        started=_text(predicate.get("started", "")),
        finished=_text(predicate.get("finished", "")),
        machine={name: versions[name] for name in MACHINE if name in versions},
        tools={name: version for name, version in versions.items() if name not in MACHINE},
        searched=_searched(predicate.get("scan")),
    )


def _remedies(value: object) -> dict[str, dict[str, str]]:
    return {_text(name): _texts(own, REMEDY) for name, own in value.items()} if isinstance(value, Mapping) else {}


def _expected(value: object) -> tuple[Waiver, ...]:
    rows = [_texts(row) for row in value] if isinstance(value, list) else []
    names = ("control", "cell", "reason", "owner", "expires")
    control, cell, reason, owner, expires = ([row.get(name, "") for row in rows] for name in names)
    return tuple(map(Waiver, control, cell, reason, owner, expires))


def _searched(scan: object) -> str:
    said = _texts(scan)
    if not {"secrets", "bytes", "hits"} <= said.keys():
        return ""
    return f"searched for {said['secrets']} secrets in {said['bytes']} bytes, {said['hits']} found"


def _seal(bundle: Bundle, audited: AuditReport | None, public_key: Path | None) -> SealFacts:
    digests = _texts(bundle.predicate.get("digests"))
    name = bundle.path.resolve().name
    return SealFacts(
        bundle=name,
        public_key=public_key.name if public_key else f"{name.removesuffix('.zip')}.pub",
        holds=audited.holds if audited else None,
        signer=audited.signer if audited else "unverified",
        digests=_statement_digest(bundle.path) | {n: d for n, d in digests.items() if re.fullmatch("[0-9a-f]{64}", d)},
        breaches=tuple((b.kind, b.place, b.detail) for b in audited.breaches) if audited else (),
        notes=audited.notes if audited else (),
    )


def _statement_digest(path: Path) -> dict[str, str]:
    """The digest of the statement, which names all others; of a .zip none is told."""
    statement = path / STATEMENT
    return {STATEMENT: hashlib.sha256(statement.read_bytes()).hexdigest()} if statement.is_file() else {}


def _texts(value: object, longest: int = LONGEST) -> dict[str, str]:
    pairs = value.items() if isinstance(value, Mapping) else ()
    return {_text(name): _text(item, longest) for name, item in pairs}


def _text(value: object, longest: int = LONGEST) -> str:
    return str(value)[:longest]
