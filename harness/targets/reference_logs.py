"""What the reference logs in this process, line by line, as it would stand in a file."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from harness.observations import LogCapture
from harness.observe import Recorder

__all__ = ["LogTap", "ReferenceLogs"]


class LogTap(logging.Handler):
    """Listens to all loggers of the reference until it is closed; `text` is what they said."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.text: list[str] = []
        self._logger = logging.getLogger("reference_impl")
        self._logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.text.append(self.format(record))

    def close(self) -> None:
        """Listen no more."""
        self._logger.removeHandler(self)
        super().close()


class ReferenceLogs:
    """The log as an operator reads it."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder, self._tap = recorder, LogTap()

    def open_window(self) -> None:
        """Forget what was logged so far."""
        self._tap.text.clear()

    def capture(self, case: str) -> LogCapture:
        """All lines since the window was opened; one that is JSON with its members."""
        lines = [line for text in list(self._tap.text) for line in text.splitlines() if line]
        return self._recorder.record(LogCapture(case=case, records=tuple(_read(line) for line in lines)))

    def close(self) -> None:
        """Listen no more."""
        self._tap.close()


def _read(line: str) -> Mapping[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        told = None
    return {**(told if isinstance(told, dict) else {}), "line": line}
