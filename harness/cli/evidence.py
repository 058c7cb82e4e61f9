"""`audit`, `report` and `gate`: what is done with a bundle."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from harness.cli.options import POLICY, SOME_CONTROLS, Path_
from harness.cli.saying import as_json, say_json
from harness.evidence.audit import report_json
from harness.gate import gate_markdown
from harness.jobs import audit_bundle, gate_bundle, report_bundle
from harness.report.terminal import console_for, show_audit, show_decision, show_lines
from harness.report.verdicts import visible_lines
from harness.run import Question

__all__ = ["audit_command", "gate_command", "report_command"]


@click.command("audit")
@click.argument("bundle", type=Path_)
@click.option("--key", type=Path_, help="Public key (PEM) that you trust.")
@as_json
def audit_command(as_json: bool, bundle: Path, key: Path | None) -> int:
    """Check a bundle: digests, completeness, chain, signature; judge every finding again; look for secrets."""
    report = audit_bundle(bundle, key)
    if as_json:
        say_json(report_json(report))
        return 0 if report.holds else 1
    show_audit(console_for(), bundle, report)
    return 0 if report.holds else 1


@click.command("report")
@click.argument("bundle", type=Path_)
@click.option("--out", type=Path_, help="Folder for the reports; by default the one that holds the bundle.")
@POLICY
@SOME_CONTROLS
@as_json
def report_command(
    as_json: bool, bundle: Path, out: Path | None, policy: Path | None, controls: tuple[str, ...]
) -> int:
    """Write the reports of a bundle: Allure, the auditor's page, the catalog, JUnit, Markdown."""
    reports, decision = report_bundle(bundle, out, policy, controls, Question())
    if as_json:
        pages = {name: str(path) for name, path in reports.pages.items()}
        say_json({"reports": pages, "absent": reports.absent, "decision": "pass" if decision.passed else "fail"})
    else:
        absent = {f"not made {n}": line for n, line in enumerate(reports.absent, 1)}
        show_lines(console_for(), {**reports.pages, **absent})
    return 0


@click.command("gate")
@click.argument("bundle", type=Path_)
@POLICY
@SOME_CONTROLS
@click.option("--markdown", is_flag=True, help="Print the decision as Markdown, for a CI summary.")
@as_json
def gate_command(as_json: bool, bundle: Path, policy: Path | None, controls: tuple[str, ...], markdown: bool) -> int:
    """Decide over a bundle by a policy."""
    decision = gate_bundle(bundle, policy, controls)
    if as_json:
        say_json(
            {
                "decision": "pass" if decision.passed else "fail",
                "reasons": [asdict(r) for r in decision.reasons],
                "scope": decision.scope,
            }
        )
    elif markdown:
        click.echo(visible_lines(gate_markdown(decision)))
    else:
        show_decision(console_for(), decision)
    return 0 if decision.passed else 1
