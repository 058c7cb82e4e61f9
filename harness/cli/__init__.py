"""The command line. Every command has `--json`; every error says where, what, the nearest valid value, what to do next.

Exit codes: 0 all is well, 1 the gate failed or something does not hold, 2 usage or configuration, 3 a run did not
reach its end.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from harness import __version__
from harness.cli.asking import init_command
from harness.cli.evidence import audit_command, gate_command, report_command
from harness.cli.looking import controls_command, doctor_command, serve_command
from harness.cli.running import faults_command, run_command, verify_command
from harness.cli.saying import fail
from harness.errors import RunInterrupted, UsageError, nearest

__all__ = ["main"]


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


COMMANDS = (
    verify_command,
    run_command,
    faults_command,
    audit_command,
    report_command,
    gate_command,
    controls_command,
    doctor_command,
    init_command,
    serve_command,
)


@click.group(cls=_Authassay, commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="authassay")
def main() -> None:
    """Verifies that a product's authentication is hardened, and leaves evidence that an auditor can check."""
