"""The routes by which members of a workspace look after it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, jsonify

from reference_impl.api.guard import Principal
from reference_impl.api.workspaces import NoSuchWorkspace, Workspaces


def add_workspace_routes(app: Flask, workspaces: Workspaces, caller: Callable[[], Principal]) -> None:
    """Give the API its routes. ``caller`` says for whom a request is made, or raises Unauthorized."""

    @app.post("/workspaces")
    def create_workspace() -> tuple[Response, int]:
        return jsonify(id=workspaces.create(caller().subject)), 201

    @app.put("/workspaces/<workspace>/members/<subject>")
    def add_member(workspace: str, subject: str) -> Response:
        workspaces.set_member(workspace, caller().subject, subject, active=True)
        return jsonify({})

    @app.delete("/workspaces/<workspace>/members/<subject>")
    def end_membership(workspace: str, subject: str) -> Response:
        workspaces.set_member(workspace, caller().subject, subject, active=False)
        return jsonify({})

    app.register_error_handler(NoSuchWorkspace, lambda error: (jsonify(error="not_found"), 404))
