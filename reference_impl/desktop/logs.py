"""Logs as JSON lines on stderr. Exceptions are named, not printed: a message from below may quote a secret."""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and the record's ``fields`` where it has them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            frames = traceback.extract_tb(record.exc_info[2])
            where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
            line |= {"exception": record.exc_info[0].__qualname__, "where": where}
        return json.dumps(line)


def log_to_stderr() -> None:
    """Send every record of level warning and above, and ours from info on, to stderr; and what nobody caught."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("reference_impl").setLevel(logging.INFO)
    sys.excepthook = lambda kind, error, trace: _log_crash("the main thread", kind, error, trace)
    threading.excepthook = lambda hook: _log_crash("a thread", hook.exc_type, hook.exc_value, hook.exc_traceback)
    sys.unraisablehook = lambda hook: _log_crash("a finalizer", hook.exc_type, hook.exc_value, hook.exc_traceback)


def log_from(level: str) -> None:
    """Log our records from this level on; those of the libraries too where it is debug."""
    logging.getLogger("reference_impl").setLevel(level.upper())
    if level == "debug":
        logging.getLogger().setLevel(logging.DEBUG)


def _log_crash(where: str, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """As Python would print it, without the message and the source lines."""
    caught = (kind, error or kind(), trace)
    fields = {"record": "crashed", "in": where}
    logging.getLogger("reference_impl.desktop").error("%s", fields["record"], exc_info=caught, extra={"fields": fields})
