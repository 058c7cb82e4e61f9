"""Replicache's push and pull (replicache 15.3.0): mutations that clients made offline, each applied once, in order.

| module | |
|---|---|
| messages | requests, read from JSON |
| clients | client groups, bound to their user; the last mutation of each client |
| mutators | what a mutation does to the caller's notes |
| pusher, puller | the two operations, each mutation in one transaction with its acknowledgement |
| routes | the two routes |
"""

from reference_impl.api.sync.routes import Sync, add_sync_routes

__all__ = ["Sync", "add_sync_routes"]
