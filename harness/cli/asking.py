"""`init`: a description of a target, by questions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from harness.cli.options import Path_
from harness.cli.saying import as_json, say_json
from harness.errors import UsageError
from harness.report.terminal import console_for, show_lines
from harness.report.verdicts import visible

__all__ = ["init_command"]

QUESTIONS = {
    "issuer": "Issuer identifier of your development stage (a URL)",
    "client_id": "Client id, registered for this suite alone",
    "redirect_uri": "A redirect URI that is registered for it",
    "user": "Name of a test user",
}


@click.command("init")
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
        stages = {
            stage: {"metadata": each.url, "problem": each.problem, "mend": each.mend}
            for stage, each in written.found.items()
        }
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
