"""The audit log: one line of JSON for everything that occurs at the issuer, with the flow that it belongs to.

What a client sent stands in it as JSON and never as it came, so that nobody can forge a line (ASVS 5.0.0 16.4.1).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from reference_impl.events.occurrences import Occurrence, ServerFault

_log = logging.getLogger("reference_impl.audit")
_log.setLevel(logging.INFO)

Audits = Callable[[Occurrence], None]


def log_occurrence(occurrence: Occurrence) -> None:
    """Write the line. Who it was is not in it: the correlation id leads to the events, and their pseudonym. A sign-in
    that failed has no event, so its line has the pseudonym."""
    session = getattr(occurrence, "session", None)
    told = {
        "record": "audit",
        "occurrence": type(occurrence).__name__,
        "client_id": session.client_id if session else getattr(occurrence, "client_id", ""),
        "correlation_id": session.correlation_id if session else getattr(occurrence, "correlation_id", None),
        "subject": getattr(occurrence, "subject", None),
        "reason": getattr(occurrence, "reason", None),
    }
    level = logging.ERROR if isinstance(occurrence, ServerFault) else logging.INFO
    _log.log(level, "%s", json.dumps({name: value for name, value in told.items() if value is not None}))
