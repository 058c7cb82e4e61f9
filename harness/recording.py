"""A run that leaves evidence: scenarios, findings, Allure results and a search for its own secrets, in one folder.

The folder is unsealed when `record` returns, so that a kill matrix may be added; `finish` seals it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import RunInterrupted
from harness.evidence.bundle import CONTROLS, BundleWriter, Planned, write_controls
from harness.evidence.predicate import describe_run, versions
from harness.evidence.published import published_documents
from harness.evidence.seal import seal
from harness.model import Finding
from harness.observe import Redacts
from harness.plan import Plan
from harness.plugin import Listener
from harness.ports import Target
from harness.redact import Redactor
from harness.report.allure_results import AllureResults
from harness.run import carry_out
from harness.scan import SecretScanner

__all__ = ["Recording", "finish", "record", "seal_recording", "search_for_secrets"]


@dataclass
class Recording:
    """An unsealed folder, and what is needed to seal it."""

    folder: Path
    plan: Plan
    targets: Mapping[str, Target]
    redactor: Redactor
    started: datetime
    findings: tuple[Finding, ...] = ()
    steps: Sequence[str] | None = None
    scan: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)


def record(
    plan: Plan,
    targets: Mapping[str, Target],
    redactor: Redactor,
    folder: Path,
    depth: str,
    listeners: Sequence[Listener] = (),
    steps: Sequence[str] | None = None,
    attachments: Redacts | None = None,
    writer_type: type[BundleWriter] = BundleWriter,
) -> Recording:
    """Carry the plan out and write what happens into `folder`. What was written stays readable whatever happens.

    `steps` are the modules with the phrases (those of steps/ where none are given), `attachments` what redacts them.
    """
    taken_part = {cell.target for cells in plan.cells.values() for cell in cells}
    known = {name: target for name, target in targets.items() if name in taken_part}
    recording = Recording(folder, plan, known, redactor, datetime.now(UTC))
    writer = writer_type(folder)
    try:
        target = ", ".join(f"{name} {known[name].version}" for name in sorted(known))
        writer.run_started([Planned(*item) for item in plan.expected], target, versions())
        write_controls(folder, plan.catalog)
        allure = AllureResults(folder / "allure-results", plan.catalog, redactor, attachments or redactor)
        recording.findings = carry_out(plan, targets, redactor, depth, writer, [allure, *listeners], [allure], steps)
        writer.run_finished()
    finally:
        writer.close()
    return recording


def finish(recording: Recording, key: Path | None) -> Path:
    """Search the folder for every secret of the run, then seal it; the folder. Parts of a secret that stand in the
    catalog, the features, a description or what an issuer publishes of itself are none.

    Raises RunInterrupted where a secret is found: what holds one is not evidence to be handed on.
    """
    files = [recording.folder / CONTROLS, *recording.plan.files]
    recording.redactor.publish(*(file.read_text("utf-8") for file in files), *published_documents(recording.folder))
    recording.scan = search_for_secrets(recording.redactor, recording.folder)
    return seal_recording(recording, key)


def seal_recording(recording: Recording, key: Path | None) -> Path:
    """Seal the folder as it is; the folder."""
    plan = recording.plan
    cells = {cell.id for cells in plan.cells.values() for cell in cells}
    about = describe_run(
        plan.catalog, plan.files, cells, recording.targets, recording.started, recording.scan, recording.asked
    )
    seal(recording.folder, about, key)
    return recording.folder


def search_for_secrets(redactor: Redactor, *folders: Path) -> dict[str, Any]:
    """What was searched, for the statement. Raises RunInterrupted naming the first places where one stands."""
    scanner = SecretScanner(redactor.secrets(), public=redactor.public)
    results = [scanner.scan_tree(folder) for folder in folders]
    hits = [f"{hit.place} ({hit.mark}{hit.transform})" for result in results for hit in result.hits]
    if hits:
        raise RunInterrupted(f"{len(hits)} places hold a secret: {', '.join(hits[:5])}; the folder was not sealed")
    unscanned = [f"{u.place}: {u.reason}" for result in results for u in result.unscanned]
    if unscanned:
        places = ", ".join(unscanned[:5])
        raise RunInterrupted(f"could not be searched for secrets: {places}; the folder was not sealed")
    searched = sum(result.bytes for result in results)
    return {"secrets": len(list(redactor.secrets())), "kinds": list(scanner.kinds), "bytes": searched, "hits": 0}
