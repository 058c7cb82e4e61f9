"""What the commands do, as functions whose output is the next one's input; the command line only words it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from harness.catalog import load_catalog
from harness.errors import UsageError
from harness.evidence.audit import AuditReport, audit
from harness.evidence.bundle import Bundle, read_bundle, write_kill_matrix
from harness.evidence.predicate import expected_failures
from harness.evidence.records import merged
from harness.evidence.seal import STATEMENT, load_private_key, load_public_key
from harness.evidence.unfinished import readable, telling_where
from harness.fault_worker import FaultWorker
from harness.faults.kill import Kill, KillMatrix, kill_matrix
from harness.faults.registry import Fault, check_faults, load_faults
from harness.faults.share import WHOLE, Share
from harness.features import ScenarioPlan
from harness.gate import decide
from harness.machine.leftovers import sweep
from harness.machine.places import CHECKOUT
from harness.machine.session import PrivateSession
from harness.model import Catalog, Decision, Finding, Policy, Reason, Verdict
from harness.plan import read_features, wanted_controls
from harness.policy import load_policy
from harness.recording import Recording, finish, record, search_for_secrets
from harness.redact import Redactor
from harness.report.failures import Failure, failures
from harness.report.from_bundle import input_from
from harness.report.progress import Progress
from harness.report.report_input import fault_rows
from harness.report.reports import Reports, write_findings, write_reports
from harness.run import Question, open_targets, plan_of

__all__ = [
    "OUT",
    "POLICY",
    "Outcome",
    "audit_bundle",
    "gate_bundle",
    "kill_faults",
    "report_bundle",
    "run_json",
    "verify",
]

OUT = CHECKOUT / "reports" / "out"
POLICIES = CHECKOUT / "reports" / "policies"
POLICY = POLICIES / "default.toml"
FOREIGN_POLICY = POLICIES / "foreign.toml"  # the same, without what needs a target of one's own


@dataclass(frozen=True)
class Outcome:
    """What a run came to. `audited` and `reports` are there where they were asked for; `failures` have their curl lines
    in the folder `curl` beside the bundle."""

    bundle: Path
    catalog: Catalog
    findings: tuple[Finding, ...]
    decision: Decision
    seconds: float
    matrix: KillMatrix | None = None
    audited: AuditReport | None = None
    reports: Reports | None = None
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class Job:
    """What a run is to leave behind, and how. Without a policy, the one for targets of this kind; with faults, those of
    a share."""

    question: Question
    policy: Path | None = None
    out: Path = OUT
    key: Path | None = None
    with_faults: bool = False
    share: Share = WHOLE
    side_by_side: int = 0  # fault workers; 0: one per processor
    with_reports: bool = False


def verify(job: Job, progress: Progress) -> Outcome:
    """Run, seal and decide; with faults, audit and reports where the job asks for them.

    Raises UsageError before anything starts where an input is wrong, RunInterrupted and EvidenceError later.
    """
    started = time.monotonic()
    foreign = job.question.opening.foreign
    catalog = load_catalog(job.question.catalog)
    policy = load_policy(job.policy or (FOREIGN_POLICY if foreign else POLICY))
    scenarios = read_features(job.question.features, catalog)
    wanted_controls(catalog, job.question.controls)
    if job.key:
        load_private_key(job.key)
    sweep()
    folder = _new_folder(job.out)
    redactor = Redactor()
    with telling_where(folder / "bundle"):
        with PrivateSession.start() as machine, progress:
            progress.tell(f"evidence is written to {folder / 'bundle'}")
            recording = _record(job, catalog, machine, redactor, folder, progress)
            matrix = _kill(job, recording, machine, progress) if job.with_faults and not foreign else None
        with progress, progress.show_step("sealing the evidence"):
            bundle = finish(recording, job.key)
    read = read_bundle(bundle)  # with not_run for what was planned and never came to a verdict
    decision = _decide_on_what_was_asked(job, read, policy)
    outcome = Outcome(bundle, read.catalog, read.findings, decision, 0.0, matrix)
    with progress, progress.show_step("writing the findings"):
        outcome = replace(outcome, failures=_write_failures(read, redactor))
    if job.with_reports:
        with progress:
            outcome = _report(outcome, policy, scenarios, redactor, progress)
    return replace(outcome, seconds=round(time.monotonic() - started, 1))


def _decide_on_what_was_asked(job: Job, read: Bundle, policy: Policy) -> Decision:
    """The gate's decision over what the job asked for, which says so where that is less than the policy."""
    notes = []
    if job.question.selection:
        notes.append(Reason("over", "cells", f"over {_cells(job.question.selection)} only"))
    if job.question.opening.foreign:
        notes.append(Reason("over", "faults", "no faults were seeded: that can be done in the reference only"))
    elif not job.with_faults:
        policy = replace(policy, require_kill_matrix=False)
        notes.append(Reason("over", "faults", "no faults were seeded, and no kill matrix is asked for; see: verify"))
    elif job.share != WHOLE:
        policy = replace(policy, require_kill_matrix=False)
        tried = len(fault_rows(read.kill_matrix))
        detail = f"share {job.share} of them only, {tried} tried; the others are for runs of their own"
        notes.append(Reason("over", "faults", detail))
    notes += _unasked(read)
    policy = _with_expected_failures(policy, read, job.question.selection)
    decision = decide(read.findings, policy, read.catalog, read.kill_matrix, today(), job.question.controls)
    return replace(decision, reasons=(*decision.reasons, *notes))


def _with_expected_failures(policy: Policy, read: Bundle, selection: Mapping[str, str]) -> Policy:
    """The policy with the failures that the targets' descriptions expect, as far as it gates on them. One that cannot
    be met in the cells that were selected is left out."""
    cells = {finding.cell for finding in read.findings}
    expected = tuple(
        waiver
        for waiver in expected_failures(read.predicate)
        if any(fnmatchcase(waiver.control.partition(".")[0], pattern) for pattern in policy.controls)
        and not (selection and not any(fnmatchcase(cell, waiver.cell) for cell in cells))
    )
    return replace(policy, waivers=(*policy.waivers, *expected))


def _cells(selection: Mapping[str, object]) -> str:
    return ",".join(f"{axis}={value}" for axis, value in selection.items())


def _record(
    job: Job, catalog: Catalog, machine: PrivateSession, redactor: Redactor, folder: Path, progress: Progress
) -> Recording:
    with progress.show_step(f"starting the target {job.question.target}"):
        opened = open_targets(job.question, machine, redactor)
        targets = opened.__enter__()
    try:
        plan = plan_of(job.question, catalog, targets[job.question.target])
        progress.total = sum(len(scenario.instances(c.id)) for scenario, cells in plan.cells.items() for c in cells)
        recording = record(plan, targets, redactor, folder / "bundle", job.question.depth, [progress])
        recording.asked = {
            "controls": list(job.question.controls),
            "cells": dict(job.question.selection),
            "unasked": list(plan.unasked),
            "faults": str(job.share) if job.with_faults else "",
            **asdict(job.question.leave),
        }
        return recording
    finally:
        opened.__exit__(None, None, None)


def _kill(job: Job, recording: Recording, machine: PrivateSession, progress: Progress) -> KillMatrix:
    """Try the faults of what was run, and put the kill matrix beside the findings."""
    controls = {control for scenario in recording.plan.cells for control in scenario.controls}
    faults = {id: f for id, f in load_faults().items() if f.expectation.rpartition(".")[0] in controls}
    faults = job.share.of(faults)
    alarms = sorted({f.expectation for f in recording.findings if f.verdict is Verdict.FAILED})
    matrix = replace(
        try_faults(
            faults,
            replace(job.question, depth="pr"),
            machine,
            progress,
            side_by_side=job.side_by_side,
            against=lambda fault: (fault.expectation,),
        ),
        false_alarms=tuple(alarms),
    )
    write_kill_matrix(recording.folder, matrix.to_json())
    return matrix


def _write_failures(read: Bundle, redactor: Redactor) -> tuple[Failure, ...]:
    """What failed, written beside the bundle with its curl lines, and searched for secrets."""
    shown = input_from(read)
    if write_findings(shown, read.path.parent):
        _search_what_came_later(redactor, read.path)
    return failures(shown)


def _search_what_came_later(redactor: Redactor, bundle: Path) -> None:
    """Search what was written after the bundle was searched. The envelope holds the statement once more, in base64,
    where short fragments of secrets are met by chance."""
    beside = (path for path in bundle.parent.iterdir() if path != bundle)
    search_for_secrets(redactor, bundle / STATEMENT, *beside)


def _report(
    outcome: Outcome, policy: Policy, scenarios: Sequence[ScenarioPlan], redactor: Redactor, progress: Progress
) -> Outcome:
    """Audit the sealed bundle, write the reports beside it, and search these for secrets as well."""
    with progress.show_step("auditing"):
        audited = audit(outcome.bundle, None)
    with progress.show_step("writing the reports"):
        shown = input_from(read_bundle(outcome.bundle), audited, outcome.decision, policy)
        reports = write_reports(shown, outcome.bundle, outcome.bundle.parent, scenarios, faults_by_expectation())
        _search_what_came_later(redactor, outcome.bundle)
    return replace(outcome, audited=audited, reports=reports)


def kill_faults(
    question: Question,
    patterns: Sequence[str],
    source: Path | None,
    progress: Progress,
    side_by_side: int = 0,
    share: Share = WHOLE,
) -> KillMatrix:
    """The kill matrix of `authassay faults`: all faults, those of a file, or those of some controls; or a share of
    these."""
    if question.opening.foreign:
        raise UsageError(f"--target: faults can be seeded in the reference only, not in {question.target!r}")
    catalog = load_catalog(question.catalog)
    faults = dict(load_faults(source))
    check_faults(faults, (e.id for control in catalog.controls.values() for e in control.expectations))
    chosen = {
        id: fault
        for id, fault in faults.items()
        if not patterns or any(fnmatchcase(fault.expectation.rpartition(".")[0], pattern) for pattern in patterns)
    }
    if not chosen:
        raise UsageError(f"--controls: no fault is seeded for {', '.join(patterns)}; see: authassay controls")
    if not (taken := share.of(chosen)):
        raise UsageError(f"--share: share {share} of these {len(chosen)} faults is empty; divide them by fewer")
    sweep()
    clean = tuple(sorted({control for fault in taken.values() for control in fault.controls}))
    with PrivateSession.start() as machine, progress:
        return try_faults(taken, question, machine, progress, clean, side_by_side)


def try_faults(
    faults: Mapping[str, Fault],
    question: Question,
    machine: PrivateSession,
    progress: Progress,
    clean: tuple[str, ...] = (),
    side_by_side: int = 0,
    against: Callable[[Fault], tuple[str, ...]] = lambda fault: fault.controls,
) -> KillMatrix:
    """The kill matrix of these faults, tried by so many worker processes (0: one per processor)."""
    count = max(1, min(side_by_side or os.cpu_count() or 1, len(faults)))
    workers = [FaultWorker(machine, question) for _ in range(count)]
    tried = iter(range(1, len(faults) + 1))
    with progress.show_step("seeding faults") as tell:

        def told(kill: Kill) -> None:
            tell(f"{next(tried)} of {len(faults)}: {kill.id} {kill.verdict}")

        try:
            return kill_matrix(faults, [worker.judge for worker in workers], told, clean, against)
        finally:
            for worker in workers:
                worker.close()


def audit_bundle(bundle: Path, key: Path | None) -> AuditReport:
    """The audit. Raises EvidenceError where there is no bundle, UsageError for a key that is none."""
    if key:
        load_public_key(key)
    return audit(bundle, key)


def gate_bundle(bundle: Path, policy: Path | None, scope: tuple[str, ...]) -> Decision:
    """The gate's decision on a bundle, sealed or interrupted; without a policy, by the one for its targets."""
    rules = load_policy(policy) if policy else None
    with readable(bundle) as whole:
        read = read_bundle(whole)
        return _decide_on(read, rules or _policy_for(read), scope)


def _policy_for(read: Bundle) -> Policy:
    return load_policy(FOREIGN_POLICY if read.predicate.get("foreign") else POLICY)


def _decide_on(read: Bundle, policy: Policy, scope: tuple[str, ...]) -> Decision:
    """The decision on all that the policy asks for, whatever the run was asked for: what is not there fails."""
    policy = _with_expected_failures(policy, read, {})
    decision = decide(read.findings, policy, read.catalog, read.kill_matrix, today(), scope)
    narrowed = tuple(_narrowed(read.predicate.get("asked")))
    reasons = (*narrowed, *decision.reasons, *_unasked(read))
    return replace(decision, passed=decision.passed and not narrowed, reasons=reasons)


def _unasked(read: Bundle) -> Iterator[Reason]:
    """What a target has, and nobody asked for: it was not run, and nothing is said of it."""
    asked = read.predicate.get("asked")
    for cells in asked.get("unasked", ()) if isinstance(asked, Mapping) else ():
        yield Reason("over", "cells", f"{cells} was not asked for, and nothing is known of it; see: --cell {cells}")


def _narrowed(asked: object) -> Iterator[Reason]:
    """What a run left out of what a policy may ask for, by what it was asked for."""
    if not isinstance(asked, Mapping):
        return
    if isinstance(cells := asked.get("cells"), Mapping) and cells:
        yield Reason("narrowed", _cells(cells), "the run left all other cells out; run it without --cell")
    if asked.get("faults", "") not in ("", str(WHOLE)):
        share = f"share {asked['faults']} of the faults"
        yield Reason("narrowed", share, "the run left all other faults out; run it without --share")


def report_bundle(
    bundle: Path, out: Path | None, policy: Path | None, scope: tuple[str, ...], question: Question
) -> tuple[Reports, Decision]:
    """Audit a bundle again and write its reports into `out`, by default the folder that holds it.

    What an interrupted run left is reported too, unaudited and unsealed.
    """
    given, catalog = load_policy(policy) if policy else None, load_catalog(question.catalog)
    scenarios = read_features(question.features, catalog)
    with readable(bundle) as whole:
        read = read_bundle(whole)
        rules = given or _policy_for(read)
        decision = _decide_on(read, rules, scope)
        audited = audit(bundle, None) if whole == bundle else None
        shown = input_from(replace(read, path=bundle), audited, decision, rules)
        return write_reports(shown, whole, out or bundle.parent, scenarios, faults_by_expectation()), decision


def faults_by_expectation() -> dict[str, tuple[str, ...]]:
    """The ids of the seeded faults, by the expectation that must catch them."""
    found: dict[str, tuple[str, ...]] = {}
    for id, fault in load_faults().items():
        found[fault.expectation] = (*found.get(fault.expectation, ()), id)
    return found


def run_json(outcome: Outcome) -> dict[str, Any]:
    """What `run --json` prints."""
    pairs = merged(outcome.findings)
    return {
        "bundle": str(outcome.bundle),
        "decision": "pass" if outcome.decision.passed else "fail",
        "verdicts": {verdict.value: sum(v is verdict for v in pairs.values()) for verdict in Verdict},
        "findings": [
            {"expectation": f.expectation, "cell": f.cell, "verdict": f.verdict, "basis": f.basis, "reason": f.reason}
            for f in outcome.findings
        ],
        "seconds": outcome.seconds,
    }


def today() -> date:
    """The day by which waivers expire, in UTC wherever the machine stands."""
    return datetime.now(UTC).date()


def _new_folder(out: Path) -> Path:
    """A folder of its own for this run's bundle and reports, named by the time in UTC."""
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = out / f"run-{name}-{os.getpid()}"
    folder.mkdir(parents=True)
    return folder
