"""`python -m reference_impl.desktop.shell`: exits 0 when it is closed, 2 when it cannot start."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from reference_impl.config import read_stamp
from reference_impl.desktop.__main__ import report
from reference_impl.desktop.crash import switch_off_dumps
from reference_impl.desktop.logs import log_from, log_to_stderr
from reference_impl.desktop.stamped import load_packed_config
from reference_impl.parts import Part, Parts
from reference_impl.session_store import open_session_store

_log = logging.getLogger("reference_impl.desktop")


def main(environ: Mapping[str, str], parts: Parts | None = None, arguments: Sequence[str] = ()) -> int:
    """Run the shell; return the exit code."""
    parts = parts or Parts()
    parts.choose(Part.CRASH_PROTECTION, switch_off_dumps)()
    log_to_stderr()
    try:
        config = parts.choose(Part.CLIENT_CONFIGURATION, load_packed_config)(environ, arguments, read_stamp())
        log_from(config.log_level)
        from reference_impl.desktop.shell.app import run

        opening = lambda: open_session_store(  # noqa: E731 - of one use
            config.app, environ=environ, switch=config.store_switch, time_limit=config.store_timeout, parts=parts
        )
        run(config, parts, opening, sys.stdin, sys.stdout)
    except Exception as error:  # noqa: BLE001 a user gets a clear message, never a traceback
        _log.exception("the start failed")
        explain: Callable[[Exception], str] = parts.choose(Part.STARTUP_REPORT, report)
        print(explain(error), file=sys.stderr)
        return 2
    return 0


def leave(code: int) -> None:
    """End the process, also where its environment (PYTHONINSPECT) wants Python to read commands then."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main(os.environ, arguments=sys.argv[1:]))
