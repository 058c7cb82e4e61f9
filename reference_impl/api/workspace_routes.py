"""The routes by which members of a workspace look after it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, jsonify
from werkzeug.exceptions import BadRequest

from reference_impl.api.body import is_unicode, json_body
from reference_impl.api.guard import Principal
from reference_impl.api.workspaces import NoSuchWorkspace, Workspaces

LONGEST_SUBJECT = 255  # characters (OpenID Connect Core 1.0 §2)


def add_workspace_routes(app: Flask, workspaces: Workspaces, caller: Callable[[], Principal]) -> None:
    """Give the API its routes. ``caller`` says for whom a request is made, or raises Unauthorized."""

    @app.post("/workspaces")
    def create_workspace() -> tuple[Response, int]:
        return jsonify(id=workspaces.create(caller().subject)), 201

    @app.post("/workspaces/members")
    def set_member() -> Response:
        by, given = caller().subject, json_body()
        asked = given if isinstance(given, dict) else {}
        workspace, subject, active = (asked.get(name) for name in ("workspace", "subject", "active"))
        if not isinstance(active, bool) or not isinstance(workspace, str) or not isinstance(subject, str):
            raise BadRequest
        if not workspace or not 0 < len(subject) <= LONGEST_SUBJECT or not is_unicode(workspace + subject):
            raise BadRequest
        workspaces.set_member(workspace, by, subject, active)
        return jsonify({})

    app.register_error_handler(NoSuchWorkspace, lambda error: (jsonify(error="not_found"), 404))
