"""The two routes. Whoever is not let in gets 401 before anything of the request is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, jsonify, request

from reference_impl.api.body import json_body
from reference_impl.api.guard import Principal
from reference_impl.api.sync.clients import Clients, NotYours
from reference_impl.api.sync.messages import Malformed, VersionNotSupported, read_pull, read_push
from reference_impl.api.sync.puller import Puller
from reference_impl.api.sync.pusher import ClientStateNotFound, OutOfOrder, Pusher
from reference_impl.api.workspaces import HEADER, Space, Workspaces
from reference_impl.clock import Clock
from reference_impl.database import Database
from reference_impl.parts import Part, Parts


@dataclass(frozen=True)
class Sync:
    """Push and pull of one stage."""

    pusher: Pusher
    puller: Puller
    workspaces: Workspaces

    @classmethod
    def of(cls, database: Database, clock: Clock, parts: Parts) -> Sync:
        """Return push and pull over the stage's database."""
        clients = parts.choose(Part.SYNC_CLIENTS, Clients())
        pusher = parts.choose(Part.PUSHER, Pusher(database, clock, clients))
        return cls(pusher, Puller(database, clients), parts.choose(Part.WORKSPACES, Workspaces(database)))


def add_sync_routes(app: Flask, sync: Sync, caller: Callable[[], Principal], poke: Callable[[str], None]) -> None:
    """Give the API its routes. ``caller`` says for whom a request is made, or raises Unauthorized; ``poke`` tells a
    subject's other clients that there is something to pull."""

    def space() -> Space:
        return sync.workspaces.enter(caller().subject, request.headers.get(HEADER))

    @app.post("/sync/push")
    def push() -> Response:
        entered = space()
        if sync.pusher.push(read_push(json_body()), entered):
            for member in sync.workspaces.members(entered):
                poke(member)
        return jsonify({})

    @app.post("/sync/pull")
    def pull() -> Response:
        entered = space()
        return jsonify(sync.puller.pull(read_pull(json_body()), entered).body())

    app.register_error_handler(Malformed, lambda error: (jsonify(error="invalid_request", detail=str(error)), 400))
    app.register_error_handler(NotYours, lambda error: (jsonify(error="forbidden"), 403))
    app.register_error_handler(OutOfOrder, lambda error: (jsonify(error="out_of_order"), 409))
    app.register_error_handler(ClientStateNotFound, lambda error: jsonify(error="ClientStateNotFound"))
    app.register_error_handler(VersionNotSupported, unsupported)


def unsupported(error: Exception) -> Response:
    """Tell a client of another version so, in the way that it understands."""
    return jsonify(error="VersionNotSupported", versionType=str(error).removesuffix("Version"))
