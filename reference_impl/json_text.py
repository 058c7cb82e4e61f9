"""JSON that others wrote: whatever is wrong with it is one kind of error."""

from __future__ import annotations

import json


def read_json(text: str | bytes) -> object:
    """Return the value. Raises ValueError, also for what is nested deeper than Python reads."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
