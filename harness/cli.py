"""The command line. Every command has `--json`; every error says where, what, the nearest valid value, what to do next.

Exit codes: 0 all is well, 1 the gate failed or something does not hold, 2 usage or configuration, 3 a run did not
reach its end.
"""

from __future__ import annotations

import functools
import json
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.text import Text

from harness import __version__
from harness.catalog import load_catalog
from harness.errors import AuthassayError, EvidenceError, Mistakes, RunInterrupted, UsageError, nearest
from harness.evidence.audit import report_json
from harness.gate import gate_markdown
from harness.jobs import (
    OUT,
    Job,
    Outcome,
    audit_bundle,
    faults_by_expectation,
    gate_bundle,
    kill_faults,
    report_bundle,
    run_json,
    verify,
)
from harness.machine.doctor import examine
from harness.machine.provision import NEEDS, Need, provision
from harness.matrix import parse_selection
from harness.plan import read_features
from harness.report.coverage import coverage_json, coverage_markdown, coverage_table
from harness.report.findings_table import show_findings
from harness.report.progress import open_progress
from harness.report.terminal import (
    console_for,
    kill_table,
    show_audit,
    show_decision,
    show_lines,
    show_things,
    show_tried,
)
from harness.report.verdict_table import verdict_table
from harness.report.verdicts import visible
from harness.run import Question
from harness.targets.base import Leave
from harness.targets.opening import TARGETS, find_target

USAGE, UNFINISHED = 2, 3
POLICY_HELP = "What must hold (TOML); by default reports/policies/default.toml, or foreign.toml for a foreign target."
TARGET_HELP = f"{', '.join(TARGETS)}, or the TOML file of a description."
Path_ = click.Path(path_type=Path)


class _Authassay(click.Group):
    """Names the nearest command for a misspelt one; words click's own errors as JSON where JSON is asked for."""

    def main(  # type: ignore[override] # click's two overloads are one function
        self, args: Sequence[str] | None = None, *, standalone_mode: bool = True, **options: Any
    ) -> Any:
        if not standalone_mode:
            return super().main(args, standalone_mode=False, **options)
        as_json = "--json" in (sys.argv[1:] if args is None else args)
        try:
            sys.exit(super().main(args, standalone_mode=False, **options))
        except (click.Abort, KeyboardInterrupt):
            fail(RunInterrupted("interrupted before anything was started"), as_json)
        except click.ClickException as error:
            if as_json:
                fail(UsageError(error.format_message()), as_json)
            error.show()
            sys.exit(error.exit_code)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise click.UsageError(f"no command {args[0]!r} ({nearest(args[0], self.commands)})", ctx)
        return super().resolve_command(ctx, args)


def as_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option `--json`, and errors worded for whoever reads the output."""

    @click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on standard output.")
    @wraps(function)
    def command(*arguments: Any, as_json: bool, **options: Any) -> None:
        try:
            code = function(*arguments, as_json=as_json, **options)
        except AuthassayError as error:
            fail(error, as_json)
        except click.Abort:  # Ctrl-C or Ctrl-D at a question, which stands in a line that is not ended
            click.echo(err=True)
            raise
        except KeyboardInterrupt:
            fail(RunInterrupted("interrupted; what was recorded until then is readable"), as_json)
        except Exception as error:  # noqa: BLE001 - a defect of ours is told as one, and is never the gate's "fail"
            traceback.print_exc()
            fail(RunInterrupted(f"a defect of Authassay: {type(error).__name__}: {error}"), as_json)
        sys.exit(code or 0)

    return command


def fail(error: AuthassayError, as_json: bool) -> NoReturn:
    """Print the error, and end with the exit code that belongs to its kind."""
    code = USAGE if isinstance(error, UsageError | EvidenceError) else UNFINISHED
    if as_json:
        mistakes = [str(mistake) for mistake in error.mistakes] if isinstance(error, Mistakes) else []
        say_json({"error": {"kind": type(error).__name__, "message": str(error), "mistakes": mistakes}})
    else:
        Console(stderr=True).print(Text.assemble(("authassay: ", "bold red"), str(error)), soft_wrap=True)
    sys.exit(code)


def say_json(data: object) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=1, default=str))


def question(
    target: str,
    controls: tuple[str, ...],
    cell: str,
    depth: str,
    features: Path | None,
    catalog: Path | None,
    read_only: bool = False,
    allow_destructive: bool = False,
) -> Question:
    """What the options ask for."""
    given = {"features": features} if features else {}
    leave = Leave(read_only, allow_destructive)
    return Question(target, controls, parse_selection(cell), depth, catalog=catalog, leave=leave, **given)


def asks(depth: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options that say what is asked; `depth` is how deep where that is not said."""
    options = (
        click.option("--target", default="reference", show_default=True, metavar="NAME|FILE", help=TARGET_HELP),
        click.option("--controls", multiple=True, metavar="PATTERN", help="Only these controls, such as 'STORE-*'."),
        click.option("--cell", default="", metavar="AXIS=VALUE,…", help="Only these cells: os, stage, browser, store."),
        click.option("--depth", type=click.Choice(["pr", "full"]), default=depth, show_default=True),
        click.option("--features", type=Path_, help="Feature files to use instead of this checkout's."),
        click.option("--catalog", type=Path_, help="A catalog to use instead of the one that comes along."),
    )
    return lambda function: functools.reduce(lambda wrapped, option: option(wrapped), options, function)


def spares(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what may be done to a target that is not one's own."""
    options = (
        click.option("--read-only", is_flag=True, help="Send nothing but GET and HEAD to a described target."),
        click.option("--allow-destructive", is_flag=True, help="Disturb stages marked prod where a scenario must."),
    )
    return functools.reduce(lambda wrapped, option: option(wrapped), options, function)


side_by_side = click.option(
    "-n", "side_by_side", type=click.IntRange(min=0), default=0, help="Faults tried at once; 0: one per processor."
)

no_install = click.option("--no-install", is_flag=True, help="Install nothing on this machine.")


@click.group(cls=_Authassay, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="authassay")
def main() -> None:
    """Verifies that a product's authentication is hardened, and leaves evidence that an auditor can check."""


@main.command("verify")
@asks("full")
@spares
@click.option("--policy", type=Path_, help=POLICY_HELP)
@click.option("--out", type=Path_, default=OUT, help="Where the run's folder is made.")
@click.option("--key", type=Path_, help="Ed25519 private key (PEM) that signs; else a fresh one.")
@side_by_side
@no_install
@as_json
def verify_command(
    as_json: bool, policy: Path | None, out: Path, key: Path | None, no_install: bool, side_by_side: int, **asked: Any
) -> int:
    """The main job: run, seed the faults of what was run, seal, audit, report, decide."""
    console = console_for(as_json)
    job = Job(question(**asked), policy, out, key, with_faults=True, with_reports=True, side_by_side=side_by_side)
    bring((*NEEDS, *job.question.opening.needs), no_install, console)
    return conclude(verify(job, open_progress(console, silent=as_json)), console, as_json)


def bring(needs: tuple[Need, ...], no_install: bool, console: Console) -> None:
    """Install what is needed and not here, as far as that is allowed, and tell of what was not here."""
    for thing in provision(not no_install, lambda line: console.print(line, highlight=False), needs):
        if thing.state != "here":
            console.print(str(thing), highlight=False, soft_wrap=True)


@main.command("run")
@asks("full")
@spares
@click.option("--policy", type=Path_, help=POLICY_HELP)
@click.option("--out", type=Path_, default=OUT, help="Where the run's folder is made.")
@click.option("--key", type=Path_, help="Ed25519 private key (PEM) that signs; else a fresh one.")
@no_install
@as_json
def run_command(as_json: bool, policy: Path | None, out: Path, key: Path | None, no_install: bool, **asked: Any) -> int:
    """Run the scenarios, judge, seal the evidence, decide. Faults are not seeded: see `faults` and `verify`."""
    console = console_for(as_json)
    job = Job(question(**asked), policy, out, key)
    bring(job.question.opening.needs, no_install, console)
    return conclude(verify(job, open_progress(console, silent=as_json)), console, as_json)


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


@main.command("faults")
@asks("pr")
@side_by_side
@click.option("--from", "source", type=Path_, help="A Python file with faults of your own.")
@as_json
def faults_command(as_json: bool, source: Path | None, side_by_side: int, **asked: Any) -> int:
    """Seed each fault and see that the expectation it names fails."""
    console = console_for(as_json)
    patterns = tuple(asked["controls"])
    asked["controls"] = ()
    matrix = kill_faults(question(**asked), patterns, source, open_progress(console, silent=as_json), side_by_side)
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


@main.command("audit")
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


@main.command("report")
@click.argument("bundle", type=Path_)
@click.option("--out", type=Path_, help="Folder for the reports; by default the one that holds the bundle.")
@click.option("--policy", type=Path_, help=POLICY_HELP)
@click.option("--controls", multiple=True, metavar="PATTERN", help="Decide over these controls only.")
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


@main.command("gate")
@click.argument("bundle", type=Path_)
@click.option("--policy", type=Path_, help=POLICY_HELP)
@click.option("--controls", multiple=True, metavar="PATTERN", help="Decide over these controls only.")
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
        click.echo(visible(gate_markdown(decision)))
    else:
        show_decision(console_for(), decision)
    return 0 if decision.passed else 1


@main.command("controls")
@click.option("--format", "form", type=click.Choice(["table", "json", "md"]), default="table")
@click.option("--features", type=Path_, help="Feature files to use instead of this checkout's.")
@click.option("--catalog", type=Path_, help="A catalog to use instead of the one that comes along.")
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


@main.command("doctor")
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
    from harness.targets.preflight import try_described  # it loads what speaks to issuers

    console = console_for(as_json)
    told = try_described(target, lambda tried: show_tried(console, tried))
    if as_json:
        say_json({"things": [asdict(tried) for tried in told]})
    return 1 if any(tried.state == "wrong" for tried in told) else 0


QUESTIONS = {
    "issuer": "Issuer identifier of your development stage (a URL)",
    "client_id": "Client id, registered for this suite alone",
    "redirect_uri": "A redirect URI that is registered for it",
    "user": "Name of a test user",
}


@main.command("init")
@click.option(
    "--issuer", multiple=True, metavar="[STAGE=]URL", help="An issuer; once for each stage: dev, staging, prod."
)
@click.option("--client-id", help="A client that is registered there for this suite alone.")
@click.option("--redirect-uri", help="A redirect URI that is registered for it.")
@click.option("--user", help="The name of a test user.")
@click.option("--password-env", default="AUTHASSAY_PASSWORD", show_default=True, help="The variable with his password.")
@click.option("--secret-env", default="", help="The variable with the client's secret, where it has one.")
@click.option("--scope", default="", help="The scope to ask for; by default what its metadata suggest.")
@click.option("--ca-file", default="", help="Authorities (PEM) to trust, relative to the file that is written.")
@click.option("--name", default="", help="What reports call it; by default its host.")
@click.option("--out", type=Path_, default=Path("target.toml"), show_default=True, help="The file to write.")
@click.option("--force", is_flag=True, help="Replace the file where it is there.")
@as_json
def init_command(as_json: bool, out: Path, force: bool, issuer: tuple[str, ...], **given: Any) -> int:
    """Write a description of a system of your own, by questions; what it says of itself need not be asked."""
    from harness.initiating import read_issuers, see_that_it_may_be_written, write_description
    from harness.targets.proposal import Answers

    given["password_variable"], given["secret_variable"] = given.pop("password_env"), given.pop("secret_env")
    see_that_it_may_be_written(out, force)
    asked = ask_for({"issuer": issuer, **{name: given[name] for name in QUESTIONS if name in given}}, as_json)
    issuers = read_issuers([asked.pop("issuer")] if isinstance(asked["issuer"], str) else asked.pop("issuer"))
    console = console_for(as_json)
    written = write_description(
        Answers(issuers=issuers, **{**given, **asked}),
        out,
        force,
        lambda line: console.print(Text(visible(line)), soft_wrap=True),
    )
    if as_json:
        stages = {stage: {"metadata": each.url, "problem": each.problem} for stage, each in written.found.items()}
        say_json({"file": str(written.file), "stages": stages, "next": written.next_steps})
    else:
        show_lines(console, {"written": written.file})
        for step in written.next_steps:
            console.print(Text(visible(f"  {step}")), soft_wrap=True)
    return 0


def ask_for(given: dict[str, Any], as_json: bool) -> dict[str, Any]:
    """The answers, those that lack asked for at the terminal. Raises UsageError where there is none."""
    missing = [name for name in QUESTIONS if not given[name]]
    if missing and (as_json or not sys.stdin.isatty()):
        options = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
        raise UsageError(f"init: nobody is there to be asked; write {options} as well")
    return {**given, **{name: click.prompt(QUESTIONS[name], value_proc=ANSWERS.get(name)) for name in missing}}


def issuer_answer(text: str) -> str:
    """A URL. Raises click's UsageError, for which it asks again."""
    from harness.initiating import issuer_url

    try:
        return issuer_url(text)
    except UsageError as error:
        raise click.UsageError(str(error)) from None


ANSWERS: dict[str, Callable[[str], str]] = {"issuer": issuer_answer}
"""What makes sure of an answer at once, where that can be done."""


@main.command("serve")
@click.option("--target", type=click.Choice(list(TARGETS)), default="reference", show_default=True)
@click.option("--stage", type=click.Choice(["dev", "staging", "prod"]), help="Name this stage's addresses first.")
@no_install
@as_json
def serve_command(as_json: bool, target: str, stage: str | None, no_install: bool) -> int:
    """Start a target that comes along, to click through and to ask by hand, until Ctrl-C."""
    from harness.serving import serve

    bring(find_target(target).needs, no_install, console_for(as_json))
    serve(target, stage, say_json if as_json else None)
    return 0


if __name__ == "__main__":
    main()
