"""What several phrases about syncing share: clients of a user, and the server behind them."""

from __future__ import annotations

from harness.ports import SyncServer
from harness.probes.authorization import Grant
from harness.probes.replica import Replica
from harness.scene import Scene
from steps.token import first_client, issuer

__all__ = ["log_in_as", "replica_of", "sync_server"]


def sync_server(scene: Scene) -> SyncServer:
    return scene.port("sync", lambda recorder: scene.target.sync_server(scene.stage, recorder))


def log_in_as(scene: Scene, case: str, user: str) -> Grant:
    """A new session of a user. Raises NotOffered where nothing is synced."""
    at = issuer(scene)
    if at.address.sync is None:
        raise at.address.not_offered("sync", "no push and pull of its API are described")
    return at.log_in(case, first_client(at), at.address.users[user])


def replica_of(scene: Scene, grant: Grant, **about: str) -> Replica:
    """A client of a group of its own, with the session's access token."""
    at = issuer(scene)
    assert at.address.sync is not None, "log_in_as was not asked"
    return Replica(at.new_agent(), at.address.api, at.address.sync, grant.access_token, about=about)
