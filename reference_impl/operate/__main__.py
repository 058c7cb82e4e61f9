"""The command line: exits 0 when all was done, 1 when it was not, 2 when the command or the configuration is wrong."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from reference_impl.clock import Clock, SystemClock
from reference_impl.config import ConfigurationError
from reference_impl.operate.log import OperationsLog
from reference_impl.operate.operations import Operations, open_operations
from reference_impl.parts import Part, Parts

DONE, NOT_DONE, WRONG = 0, 1, 2
ROTATABLE = "signing-key, refresh-key, subject-key, client-secret/<client id>"
ENDED = ", event-key/<kid> (a signing key that has ended: its events count no more)"


def main(
    environ: Mapping[str, str],
    parts: Parts | None = None,
    arguments: Sequence[str] = (),
    clock: Clock | None = None,
) -> int:
    """Do what the arguments say; return the exit code."""
    parts = parts or Parts()
    clock = parts.choose(Part.CLOCK, clock or SystemClock())
    options = parser().parse_args(arguments)
    try:
        log = parts.choose(Part.OPERATIONS_LOG, OperationsLog.of_environment)(environ, clock)
        if options.command == "log":
            print("\n".join(log.lines()))
            return DONE
        operations = parts.choose(Part.OPERATIONS, open_operations(environ, parts, clock))
        return carry_out(operations, options, log)
    except ConfigurationError as error:
        print("\n".join(error.faults), file=sys.stderr)
        return WRONG


def carry_out(operations: Operations, options: argparse.Namespace, log: OperationsLog) -> int:
    """Do it between two lines in the log: an attempt leaves its trace, however it ends."""
    values = {name: value for name, value in vars(options).items() if name not in ("command", "operator")}
    entry = log.begin(options.operator, options.command, values)
    try:
        told = perform(operations, options)
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is: an operator needs a line, and the log an end
        entry.end("not done", f"{type(error).__name__}: {error}")
        print(f"{options.command}: {error}", file=sys.stderr)
        return NOT_DONE
    entry.end("done", {name: value for name, value in told.items() if name != "reveal"})
    print(json.dumps({"did": options.command, **told}))
    return DONE


def perform(operations: Operations, options: argparse.Namespace) -> dict[str, Any]:
    """Call the operation that the command names; return what it tells."""
    match options.command:
        case "revoke-sessions":
            return asdict(operations.revoke_sessions(None if options.everybody else options.user))
        case "check-store":
            return asdict(operations.check_store())
        case "list-events":
            return asdict(operations.list_events())
        case "redeliver-events":
            return asdict(operations.redeliver_events(options.within))
        case "grant-internal" | "withdraw-internal":
            return asdict(operations.set_internal(options.user, options.command == "grant-internal"))
        case command:
            return asdict(operations.rotation(command, options.secret))


def parser() -> argparse.ArgumentParser:
    """Return what reads the arguments; every command that does something wants to know whose hand it is."""
    top = argparse.ArgumentParser(prog="python -m reference_impl.operate")
    commands = top.add_subparsers(dest="command", required=True)
    acting = argparse.ArgumentParser(add_help=False)
    acting.add_argument("--operator", required=True, help="who does it, for the operations log")
    revoke = commands.add_parser("revoke-sessions", parents=[acting], help="end sessions in the stage, at once")
    whose = revoke.add_mutually_exclusive_group(required=True)
    whose.add_argument("--user", help="the name that the user signs in with, or the subject that events name")
    whose.add_argument("--everybody", action="store_true", help="all sessions of the stage")
    commands.add_parser("check-store", parents=[acting], help="does this user's secret store keep secrets?")
    commands.add_parser("list-events", parents=[acting], help="what the bus did not take")
    redeliver = commands.add_parser("redeliver-events", parents=[acting], help="have the server send that again")
    redeliver.add_argument("--within", type=float, default=60.0, help="seconds to wait for it")
    for command, help_ in (
        ("rotate", "as planned: published, used after a time, the old one good for a time"),
        ("roll-back", "take the last rotation back"),
        ("withdraw", "emergency: the secret in use is compromised"),
    ):
        named = f"one of {ROTATABLE}{ENDED if command == 'withdraw' else ''}"
        commands.add_parser(command, parents=[acting], help=help_).add_argument("secret", help=named)
    for command, help_ in (
        ("grant-internal", "let a user see environment selector and debug page, where the build has them"),
        ("withdraw-internal", "take that back; it counts within a minute on pages that are open"),
    ):
        whom = commands.add_parser(command, parents=[acting], help=help_)
        whom.add_argument("user", help="the name that the user signs in with, or the subject that events name")
    commands.add_parser("log", help="show the operations log")
    return top


if __name__ == "__main__":
    sys.exit(main(os.environ, arguments=sys.argv[1:]))
