"""Logs as JSON lines on stderr. Exceptions are named, not printed: a message from below may quote a secret."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime


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
            frame = traceback.extract_tb(record.exc_info[2])[-1]
            line |= {"exception": record.exc_info[0].__qualname__, "where": f"{frame.filename}:{frame.lineno}"}
        return json.dumps(line)


def log_to_stderr() -> None:
    """Send every record of level warning and above, and ours from info on, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("reference_impl").setLevel(logging.INFO)
