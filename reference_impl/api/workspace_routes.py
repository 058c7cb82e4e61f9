"""The routes by which members of a workspace look after it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, jsonify
from werkzeug.exceptions import BadRequest

from reference_impl.api.body import json_body
from reference_impl.api.guard import Principal
from reference_impl.api.workspaces import NoSuchWorkspace, Workspaces


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
        if not isinstance(active, bool) or not all(isinstance(name, str) and name for name in (workspace, subject)):
            raise BadRequest
        workspaces.set_member(str(workspace), by, str(subject), active)
        return jsonify({})

    app.register_error_handler(NoSuchWorkspace, lambda error: (jsonify(error="not_found"), 404))
