"""The access log of all servers of a stage: which route was asked for, how, and what it was answered. Nothing more.

A line holds nothing that a caller chose freely: no query, no header, and of the address only the route's rule, for
whatever else stands there may be a credential (RFC 6750 §5.3; RFC 9700 §4.3.2).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Request, Response, request

LOGGER = "reference_impl.access"

_log = logging.getLogger(LOGGER)


def access_line(asked: Request, status: int) -> str:
    """Return the line of one request, such as ``GET app.example /callback 303``."""
    route = asked.url_rule.rule if asked.url_rule else "(no such route)"
    return f"{asked.method} {asked.host.partition(':')[0]} {route} {status}"


def log_requests(app: Flask, line: Callable[[Request, int], str]) -> None:
    """Log every answer of the application, each by one line, at level INFO."""

    def log(response: Response) -> Response:
        if _log.isEnabledFor(logging.INFO):
            _log.info("%s", line(request, response.status_code))
        return response

    app.after_request(log)
