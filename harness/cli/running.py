"""`verify`, `run` and `faults`: what goes through scenarios."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from harness.cli.interrupting import a_kill_interrupts
from harness.cli.options import Path_, asks, bring, no_install, question, seals, share, side_by_side, spares
from harness.cli.saying import as_json, say_json
from harness.faults.share import Share
from harness.jobs import Job, Outcome, kill_faults, run_json, verify
from harness.machine.provision import NEEDS, needs_of
from harness.report.findings_table import show_findings
from harness.report.progress import open_progress
from harness.report.terminal import console_for, kill_table, show_decision, show_lines
from harness.report.verdict_table import verdict_table

__all__ = ["faults_command", "run_command", "verify_command"]


@click.command("verify")
@asks("full")
@spares
@seals
@share
@side_by_side
@no_install
@as_json
def verify_command(
    as_json: bool,
    policy: Path | None,
    out: Path,
    key: Path | None,
    no_install: bool,
    share: Share,
    side_by_side: int,
    **asked: Any,
) -> int:
    """The main job: run, seed the faults of what was run, seal, audit, report, decide."""
    console = console_for(as_json)
    job = Job(question(**asked), policy, out, key, True, share, side_by_side, with_reports=True)
    bring(needs_of(job.question.selection, *NEEDS, *job.question.opening.needs), no_install, console)
    with a_kill_interrupts():
        outcome = verify(job, open_progress(console, silent=as_json))
    return conclude(outcome, console, as_json)


@click.command("run")
@asks("full")
@spares
@seals
@no_install
@as_json
def run_command(as_json: bool, policy: Path | None, out: Path, key: Path | None, no_install: bool, **asked: Any) -> int:
    """Run the scenarios, judge, seal the evidence, decide. Faults are not seeded: see `faults` and `verify`."""
    console = console_for(as_json)
    job = Job(question(**asked), policy, out, key)
    bring(needs_of(job.question.selection, *job.question.opening.needs), no_install, console)
    with a_kill_interrupts():
        outcome = verify(job, open_progress(console, silent=as_json))
    return conclude(outcome, console, as_json)


def conclude(outcome: Outcome, console: Console, as_json: bool) -> int:
    """Show what a run came to; its exit code."""
    if as_json:
        say_json(run_json(outcome))
        return 0 if outcome.decision.passed else 1
    console.print()
    console.print(verdict_table(outcome.findings, outcome.catalog))
    lines: dict[str, object] = {"evidence": outcome.bundle}
    if outcome.matrix:
        killed = sum(kill.verdict == "killed" for kill in outcome.matrix.faults)
        lines["faults"] = (
            f"{killed} of {len(outcome.matrix.faults)} killed, {len(outcome.matrix.false_alarms)} false alarms"
        )
        trouble = [asdict(kill) for kill in outcome.matrix.faults if kill.verdict != "killed"]
        if trouble:
            console.print(kill_table(trouble))
    if outcome.audited:
        lines["audit"] = f"{'holds' if outcome.audited.holds else 'does not hold'}; signer: {outcome.audited.signer}"
    if outcome.reports:
        lines.update(outcome.reports.pages)
        lines.update({f"not made {n}": line for n, line in enumerate(outcome.reports.absent, 1)})
    else:
        lines["reports"] = f"authassay report {outcome.bundle}"
    show_findings(console, outcome.failures, outcome.bundle.parent / "curl")
    show_lines(console, {**lines, "seconds": outcome.seconds})
    show_decision(console, outcome.decision)
    holds = outcome.audited is None or outcome.audited.holds
    return 0 if outcome.decision.passed and holds else 1


@click.command("faults")
@asks("pr")
@share
@side_by_side
@click.option("--from", "source", type=Path_, help="A Python file with faults of your own.")
@no_install
@as_json
def faults_command(
    as_json: bool, source: Path | None, no_install: bool, share: Share, side_by_side: int, **asked: Any
) -> int:
    """Seed each fault and see that the expectation it names fails."""
    console = console_for(as_json)
    patterns = tuple(asked["controls"])
    asked["controls"] = ()
    tried = question(**asked)
    bring(needs_of(tried.selection, *tried.opening.needs), no_install, console)
    matrix = kill_faults(tried, patterns, source, open_progress(console, silent=as_json), side_by_side, share)
    if as_json:
        say_json(matrix.to_json())
    else:
        console.print(kill_table(asdict(kill) for kill in matrix.faults))
        alarms = ", ".join(matrix.false_alarms) or "none"
        killed = sum(kill.verdict == "killed" for kill in matrix.faults)
        console.print(
            f"{killed} of {len(matrix.faults)} killed; false alarms: {alarms}; {matrix.seconds} s", highlight=False
        )
    return 0 if matrix.holds else 1
