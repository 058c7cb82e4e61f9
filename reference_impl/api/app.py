"""The API's WSGI application: who I am, my notes, and word of new ones as they come."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Response, jsonify, request

from reference_impl.api.body import json_body
from reference_impl.api.challenge import Unauthorized
from reference_impl.api.guard import ApiGuard, Principal
from reference_impl.api.issuer_keys import KeysUnavailable
from reference_impl.api.notes import Notes
from reference_impl.api.realtime import Realtime, TooManyStreams
from reference_impl.api.sync import Sync, add_sync_routes
from reference_impl.api.workspace_routes import add_workspace_routes
from reference_impl.clock import Clock
from reference_impl.database import RETRY_AFTER, STORAGE_ERRORS
from reference_impl.rfc9449 import PresentedProof

LARGEST_BODY = 1 << 20  # bytes, whichever server it is behind
REALTIME = "realtime"  # the application's extension: its `Realtime`, for who must end it

_log = logging.getLogger(__name__)


def create_api_app(
    guard: ApiGuard,
    notes: Notes,
    clock: Clock,
    name_of: Callable[[str], str | None],
    realtime: Realtime,
    headers: Callable[[Response], Response],
    url: str,
    sync: Sync,
    is_internal: Callable[[str], bool] = lambda subject: False,
) -> Flask:
    """Build the API; every route asks the guard first. ``name_of``: an account's name by its subject, ``is_internal``:
    whether it may use internal tools. ``headers``: adds
    its headers to every answer. ``url``: under which clients know it, whatever a request says of that."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.extensions[REALTIME] = realtime

    def caller() -> Principal:
        return guard.admit(request.headers.get("Authorization"), proof())

    def proof() -> PresentedProof:
        return PresentedProof(tuple(request.headers.getlist("DPoP")), request.method, url + request.path)

    @app.get("/me")
    def me() -> Response:
        principal = caller()
        return jsonify(
            sub=principal.subject,
            name=name_of(principal.subject),
            client_id=principal.client_id,
            sid=principal.session_id,
            internal=is_internal(principal.subject),
        )

    @app.get("/notes")
    def list_notes() -> Response:
        return jsonify(notes=notes.of(caller().subject))

    @app.post("/notes")
    def write_note() -> tuple[Response, int]:
        principal = caller()
        given = json_body()
        text = given.get("text") if isinstance(given, dict) else None
        try:
            note_id = notes.write(principal.subject, text if isinstance(text, str) else "", clock.now())
        except ValueError as error:
            return jsonify(error=str(error)), 400
        realtime.publish(principal.subject, "note", note_id)
        return jsonify(id=note_id), 201

    @app.get("/events")
    def follow() -> Response:
        stream = realtime.subscribe(request.headers.get("Authorization"), proof())
        return Response(stream, content_type="text/event-stream")

    def poke(subject: str) -> None:
        realtime.publish(subject, "poke", "sync")

    add_sync_routes(app, sync, caller, poke)
    add_workspace_routes(app, sync.workspaces, caller)
    app.register_error_handler(TooManyStreams, lambda error: (jsonify(error="too_many_streams"), 503))
    app.register_error_handler(KeysUnavailable, lambda error: (jsonify(error="temporarily_unavailable"), 503))
    for kind in STORAGE_ERRORS:
        app.register_error_handler(kind, put_off)
    app.register_error_handler(Unauthorized, refuse)
    app.after_request(headers)
    return app


def refuse(error: Unauthorized) -> Response:
    """Answer 401, or 400, with the challenge (RFC 6750 §3)."""
    response = jsonify(error=error.error or "no_token")
    response.status_code = error.status
    for challenge in error.challenges(request.headers.get("Authorization", "")):
        response.headers.add("WWW-Authenticate", challenge)
    return response


def put_off(error: Exception) -> Response:
    """Answer 503 where storage failed: nobody is refused, and the same request may succeed in a moment."""
    _log.error("%s failed: %s", request.path, type(error).__name__, exc_info=error)
    response = jsonify(error="temporarily_unavailable")
    response.status_code = 503
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"


def add_headers(response: Response) -> Response:
    """Nothing of the API is stored or guessed at by whoever passes it on."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Content-Security-Policy", NOTHING)  # an error page of the framework is one, too
    return response
