"""`controls`, `doctor` and `serve`: what there is, what is missing, and a target to click through."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from harness.catalog import load_catalog
from harness.cli.options import CATALOG, FEATURES, Path_, bring, no_install
from harness.cli.saying import as_json, say_json
from harness.errors import UsageError
from harness.jobs import faults_by_expectation
from harness.machine.doctor import examine
from harness.plan import read_features
from harness.report.coverage import coverage_json, coverage_markdown, coverage_table
from harness.report.terminal import console_for, show_things, show_tried
from harness.run import Question
from harness.targets.opening import TARGETS, find_target

__all__ = ["controls_command", "doctor_command", "serve_command"]


@click.command("controls")
@click.option("--format", "form", type=click.Choice(["table", "json", "md"]), default="table")
@FEATURES
@CATALOG
@as_json
def controls_command(as_json: bool, form: str, features: Path | None, catalog: Path | None) -> int:
    """The catalog with its coverage: scenarios, checks, faults."""
    known = load_catalog(catalog)
    found = read_features(features or Question().features, known)
    faults = faults_by_expectation()
    if as_json or form == "json":
        say_json(coverage_json(known, found, faults))
    elif form == "md":
        click.echo(coverage_markdown(known, found, faults))
    else:
        console_for().print(coverage_table(known, found, faults))
    return 0


@click.command("doctor")
@click.option("--target", type=Path_, help="The TOML file of a description: try that target instead.")
@as_json
def doctor_command(as_json: bool, target: Path | None) -> int:
    """What is here, what is missing, and the one command that mends each; of a target, whether a run can begin."""
    if target:
        return try_target(target, as_json)
    rows = examine()
    if as_json:
        say_json({"things": [asdict(row) for row in rows]})
    else:
        show_things(console_for(), rows)
    return 0


def try_target(target: Path, as_json: bool) -> int:
    """Try a described target before a run: 0 where all is well, 1 where something is to be mended."""
    from harness.targets.electron_file import describes_shell
    from harness.targets.electron_preflight import try_shell
    from harness.targets.preflight import try_described  # it loads what speaks to issuers

    if str(target) in TARGETS:
        raise UsageError(f"--target {target}: it comes along; doctor tries a target by the file that describes it")
    console = console_for(as_json)
    examine = try_shell if describes_shell(target) else try_described
    told = examine(target, lambda tried: show_tried(console, tried))
    if as_json:
        say_json({"things": [asdict(tried) for tried in told]})
    return 1 if any(tried.state == "wrong" for tried in told) else 0


@click.command("serve")
@click.option("--target", type=click.Choice(list(TARGETS)), default="reference", show_default=True)
@click.option("--stage", type=click.Choice(["dev", "staging", "prod"]), help="Name this stage's addresses first.")
@click.option("--explain-config", is_flag=True, help="Say where each value of the configuration came from, and end.")
@no_install
@as_json
def serve_command(as_json: bool, target: str, stage: str | None, explain_config: bool, no_install: bool) -> int:
    """Start a target that comes along, to click through and to ask by hand, until Ctrl-C."""
    from harness.serving import explain, serve

    if explain_config:
        if target != "reference":
            raise UsageError(f"--explain-config: {target} tells nothing of the kind; leave out --target")
        explain(stage, say_json if as_json else None)
        return 0
    bring(find_target(target).needs, no_install, console_for(as_json))
    serve(target, stage, say_json if as_json else None)
    return 0
