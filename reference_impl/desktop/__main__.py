"""`python -m reference_impl.desktop`: exits 0 when its input ends or it is told to quit, 2 when it cannot start."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from reference_impl.config import ConfigurationError, read_stamp
from reference_impl.desktop.crash import switch_off_dumps
from reference_impl.desktop.earlier import earlier_local_storage
from reference_impl.desktop.logs import log_from, log_to_stderr
from reference_impl.desktop.stamped import load_packed_config
from reference_impl.desktop.switching import preference_of
from reference_impl.parts import Part, Parts
from reference_impl.session_store import open_session_store

_log = logging.getLogger("reference_impl.desktop")


def report(error: Exception) -> str:
    """Say why the start failed. An unforeseen error is named, but its message is kept back: it may hold a secret."""
    if isinstance(error, ConfigurationError):
        return "The desktop cannot start:\n" + "\n".join(f"  - {fault}" for fault in error.faults)
    return f"The desktop cannot start: unforeseen {type(error).__qualname__}. Please report this with the log above."


def main(environ: Mapping[str, str], parts: Parts | None = None, arguments: Sequence[str] = ()) -> int:
    """Run the desktop on this process's stdin and stdout; return the exit code."""
    parts = parts or Parts()
    parts.choose(Part.CRASH_PROTECTION, switch_off_dumps)()
    log_to_stderr()
    try:
        config = parts.choose(Part.CLIENT_CONFIGURATION, load_packed_config)(environ, arguments, read_stamp())
        log_from(config.log_level)
        with ThreadPoolExecutor(1) as beside:
            opening = beside.submit(
                open_session_store, config.app, environ=environ, switch=config.store_switch,
                time_limit=config.store_timeout, local_storage=earlier_local_storage(environ, config), parts=parts,
            )  # fmt: skip
            # Imported while the store is tested: each takes about a quarter of a second.
            from reference_impl.desktop.app import run

            run(config, parts, opening.result, preference_of(environ, config.app), sys.stdin, sys.stdout)
    except Exception as error:  # noqa: BLE001 a user gets a clear message, never a traceback
        if not isinstance(error, ConfigurationError):
            _log.exception("the start failed")
        explain: Callable[[Exception], str] = parts.choose(Part.STARTUP_REPORT, report)
        print(explain(error), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ, arguments=sys.argv[1:]))
