"""The correlation identifier of a login: one for each flow, known to nobody's secrets.

A client may propose one, as the parameter ``correlation_id``, as the header ``X-Correlation-ID`` or as the trace of a
``traceparent`` (W3C Trace Context §3.2.2). It is taken if it is well-formed, is no other flow's, and is nothing that
the request holds for another purpose; else the flow gets one that is made here.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable

from flask import request

from reference_impl.issuer.state import IssuerState

WELL_FORMED = re.compile(r"[A-Za-z0-9-]{8,40}")  # shorter than any secret that the issuer gives: none can be proposed
TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class Correlation:
    """Chooses the identifiers of one stage. Each call works in its caller's transaction."""

    def choose(self, state: IssuerState, proposed: str | None, others: Iterable[str | None], now: float) -> str:
        """Return the proposed identifier, or a new one. ``others``: what it must not be, of the same request."""
        if proposed is not None and self.accepts(proposed, others) and state.take_correlation(proposed, now):
            return proposed
        made = str(uuid.uuid4())
        state.take_correlation(made, now)
        return made

    def accepts(self, proposed: str, others: Iterable[str | None]) -> bool:
        """Say whether a flow may be called so, as far as the words go."""
        return WELL_FORMED.fullmatch(proposed) is not None and not any(
            proposed in other or other in proposed for other in others if other
        )


def proposed_id(parameter: str | None) -> str | None:
    """Return what the request under way proposes, whatever it looks like."""
    if parameter or (parameter := request.headers.get("X-Correlation-ID")):
        return parameter
    trace = TRACE.fullmatch(request.headers.get("traceparent", ""))
    return trace[1] if trace else None
