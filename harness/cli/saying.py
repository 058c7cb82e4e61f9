"""How every command speaks: in JSON where that is asked for, and of an error in one line with its exit code."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.text import Text

from harness.errors import AuthassayError, EvidenceError, Mistakes, RunInterrupted, UsageError
from harness.report.verdicts import visible, visible_lines

__all__ = ["as_json", "fail", "say_json"]

USAGE, UNFINISHED = 2, 3


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
        except KeyboardInterrupt as error:
            fail(_interrupted("interrupted", error), as_json)
        except Exception as error:  # noqa: BLE001 - a defect of ours is told as one, and is never the gate's "fail"
            traceback.print_exc()
            fail(_interrupted(f"a defect of Authassay: {type(error).__name__}: {error}", error), as_json)
        sys.exit(code or 0)

    return command


def _interrupted(told: str, by: BaseException) -> RunInterrupted:
    """The run's end, with what was noted on the way."""
    error = RunInterrupted(told)
    for note in getattr(by, "__notes__", ()):
        error.add_note(note)
    return error


def fail(error: AuthassayError, as_json: bool) -> NoReturn:
    """Print the error with its notes, and end with the exit code that belongs to its kind."""
    code = USAGE if isinstance(error, UsageError | EvidenceError) else UNFINISHED
    told = "; ".join([str(error), *getattr(error, "__notes__", ())])
    if as_json:
        mistakes = [str(mistake) for mistake in error.mistakes] if isinstance(error, Mistakes) else []
        say_json({"error": {"kind": type(error).__name__, "message": told, "mistakes": mistakes}})
    else:
        said = visible_lines(told) if isinstance(error, UsageError) else visible(told)
        Console(stderr=True).print(Text.assemble(("authassay: ", "bold red"), said), soft_wrap=True)
    sys.exit(code)


def say_json(data: object) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=1, default=str))
