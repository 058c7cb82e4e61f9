"""Push and pull of the page, passed on to the API with the session's token, which never leaves the server.

A page names the token that its request is to be made with by a handle, in the Authorization header, as Replicache sends
whatever its ``auth`` is. A handle of another session, or of a token that was replaced, is answered 401 as an expired
token is, and so is what the API answers 401; then the page asks for a refresh, and sends the same again. Nothing is
refreshed here: a refresh that hangs must hold no push, and the page's ``getAuth`` decides when to ask for one.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import requests
from flask import Response, request

from reference_impl.web.responses import json
from reference_impl.web.sessions import WebSession

SCHEME = "Session "
PASSED_ON = ("Content-Type", "Workspace", "X-Replicache-RequestID")  # of what the page sends
LONGEST = 1_000_000  # bytes of a push
TIME_LIMIT = 15.0  # seconds for the API's answer

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SyncProxy:
    """Speaks to the API of the stage at which a session is."""

    http: requests.Session

    def forward(self, session: WebSession | None, api: str, path: str) -> Response:
        """Pass the request under way on to a path of the API."""
        if session is None:
            return json(401, {"signed_in": False})
        token = self.token_of(session)
        if token is None:
            return json(401, {"error": "stale"})
        body = request.get_data()
        if len(body) > LONGEST:
            return json(413, {"error": "too_large"})
        kept = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        try:
            answer = self.http.post(
                f"{api}{path}", data=body, headers={**kept, "Authorization": f"Bearer {token}"}, timeout=TIME_LIMIT
            )
        except requests.RequestException as error:
            _log.warning("the API did not answer %s (%s)", path, type(error).__name__)
            return json(503, {"error": "the API does not answer"})
        return Response(answer.content, answer.status_code, content_type=answer.headers.get("Content-Type"))

    def token_of(self, session: WebSession) -> str | None:
        """Return the token that the request names, if it is the one that the session holds."""
        given = request.headers.get("Authorization", "")
        return session.manager.named(given.removeprefix(SCHEME)) if given.startswith(SCHEME) else None


def asked_handle() -> str | None:
    """Return the handle that a request for a refresh names, of a token that was refused; None where it names none."""
    given = request.get_json(silent=True)
    handle = given.get("handle") if isinstance(given, dict) else None
    return handle.removeprefix(SCHEME) if isinstance(handle, str) else None
