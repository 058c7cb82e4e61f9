"""``python -m reference_impl``: serve one stage, as its environment says (config/), until SIGTERM or SIGINT.

Its environment variables are declared in `reference_impl.config.variables.SERVER`. When the stage accepts connections,
one JSON line says so on stdout. A start that fails says on stderr why, and exits with 2. With ``--explain-config`` it
says where each value of the configuration came from (``--json``: as JSON), and serves nothing.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from reference_impl.config import BuildStamp, ConfigurationError, StageConfig, load_config, read_stamp, variables
from reference_impl.parts import Part, Parts

EXIT_STOPPED = 0
EXIT_NOT_STARTED = 2
EXPLAIN, AS_JSON = "--explain-config", "--json"
LISTEN = re.compile(r"127\.0\.0\.1:([0-9]{1,5})")


def main(
    environ: Mapping[str, str],
    parts: Parts | None = None,
    stopping: threading.Event | None = None,
    arguments: Sequence[str] = (),
) -> int:
    """Serve until ``stopping`` is set; return the exit code. Without it, signals set it: then call from main thread."""
    parts = parts or Parts()
    try:
        if arguments:
            return explain(environ, arguments)
        stopping = stopping or stop_on_signals()
        with ExitStack() as ends:
            config = start(environ, parts, ends)
            print(json.dumps({"ready": True, "stage": config.stage, "issuer": config.issuer}), flush=True)
            stopping.wait()
    except (ConfigurationError, OSError, sqlite3.Error) as error:
        print(parts.choose(Part.STARTUP_REPORT, report_failure)(error), file=sys.stderr)
        return EXIT_NOT_STARTED
    return EXIT_STOPPED


def start(environ: Mapping[str, str], parts: Parts, ends: ExitStack) -> StageConfig:
    """Configure, build and serve the stage; what must be undone at the end is put into ``ends``."""
    config, (port, certificate) = configure(environ, parts)
    # Imported only now: a start that its configuration forbids shall fail at once.
    from reference_impl.loopback import Listener, tls_adapter
    from reference_impl.stage import build_stage

    listener = Listener(parts.choose(Part.TLS, tls_adapter(certificate)), port)
    ends.callback(listener.close)
    stage = build_stage(config, parts)
    ends.callback(stage.stop)
    stage.start()
    ends.callback(listener.serve(stage.apps).stop)
    ends.callback(stage.end_streams)
    return config


def configure(environ: Mapping[str, str], parts: Parts) -> tuple[StageConfig, tuple[int, Path]]:
    """Return the stage's configuration, and where it listens. Raises one ConfigurationError with the faults of both."""
    source = parts.choose(Part.CONFIGURATION_SOURCE, partial(load_config, stamp=_own_stamp()))
    try:
        listen = listening(environ)
    except ConfigurationError as error:
        raise ConfigurationError(*_faults_of(source, environ), *error.faults) from error
    return source(environ), listen


def explain(environ: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Print where the configuration's values came from; return 0 where it may serve."""
    from reference_impl.config.explain import explain_config

    if not set(arguments) <= {EXPLAIN, AS_JSON} or EXPLAIN not in arguments:
        print(f"there is only {EXPLAIN}, with or without {AS_JSON}; not {' '.join(arguments)}", file=sys.stderr)
        return EXIT_NOT_STARTED
    explanation = explain_config(environ, stamp=_own_stamp())
    print(json.dumps(explanation.as_json(), indent=1) if AS_JSON in arguments else explanation.as_text())
    return EXIT_NOT_STARTED if explanation.faults else EXIT_STOPPED


def _own_stamp() -> BuildStamp | None:
    """Return the stamp of this build, None where it was not packed. Raises ConfigurationError for a damaged one."""
    try:
        return read_stamp()
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def _faults_of(source: Callable[[Mapping[str, str]], StageConfig], environ: Mapping[str, str]) -> tuple[str, ...]:
    try:
        source(environ)
    except ConfigurationError as error:
        return error.faults
    return ()


def listening(environ: Mapping[str, str]) -> tuple[int, Path]:
    """Return port and certificate file. Raises ConfigurationError."""
    faults = []
    listen = variables.LISTEN.read(environ)
    match = LISTEN.fullmatch(listen)
    if match is None:
        faults.append(f'AUTH_LISTEN is "{listen}": it is like 127.0.0.1:8443')
    certificate = Path(variables.TLS_CERT.read(environ))
    if not certificate.is_file():
        faults.append("AUTH_TLS_CERT names no file: it is a PEM file with private key and certificate chain")
    if faults or match is None:
        raise ConfigurationError(*faults)
    return int(match[1]), certificate


def report_failure(error: Exception) -> str:
    """Return what a start that failed says: each fault on a line, and no stack trace."""
    faults = error.faults if isinstance(error, ConfigurationError) else (f"{type(error).__name__}: {error}",)
    return "\n".join(["reference_impl did not start:", *(f"  {fault}" for fault in faults)])


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


if __name__ == "__main__":
    sys.exit(main(os.environ, arguments=sys.argv[1:]))
