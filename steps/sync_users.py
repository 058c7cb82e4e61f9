"""Phrases about a user who names the client groups, clients and workspaces of another."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_bdd import given, when

from harness.probes.authorization import Grant
from harness.probes.replica import Replica
from harness.scene import Scene
from steps.syncing import log_in_as, replica_of, sync_server

__all__ = ["TwoUsers"]

FIRST, SECOND = "syncer1", "syncer2"
NOBODYS = "w-00000000-0000-4000-8000-000000000000"
SECRET, SHARED = "a line that only the first user wrote", "a line of the workspace"
ADDED = ", and a line that the second user added"


@dataclass
class TwoUsers:
    """The first user's clients, of his own notes and of a workspace; and the second user's token and client."""

    own: Replica = field(repr=False)
    shared: Replica = field(repr=False)
    other: Replica = field(repr=False)
    grants: tuple[Grant, Grant] = field(repr=False)
    notes: Mapping[str, str]  # the id of a note, by whose it is
    left: str  # a workspace of which the second user was a member

    def look(self, case: str) -> None:
        """What the first user has, by his own eyes."""
        for replica in (self.own, self.shared):
            replica.pull(case, user="first", space="workspace" if replica.workspace else "own")


@given("two users with client groups of their own, and a workspace of the first", target_fixture="users")
def two_users(scene: Scene) -> TwoUsers:
    grants = (log_in_as(scene, "the first session", FIRST), log_in_as(scene, "the second session", SECOND))
    own, other = (replica_of(scene, grant) for grant in grants)
    server, (first, second) = sync_server(scene), (grant.access_token for grant in grants)
    shared = replace(replica_of(scene, grants[0]), workspace=server.new_workspace(first))
    left = server.new_workspace(first)
    server.set_member(left, first, second, active=True)
    server.set_member(left, first, second, active=False)
    notes = {whose: f"note-{secrets.token_hex(8)}" for whose in ("the other's", "the workspace's", "his own")}
    own.push("what is there", [own.create(notes["the other's"], SECRET)], user="first")
    shared.push("what is there", [shared.create(notes["the workspace's"], SHARED)], user="first")
    other.push("what is there", [other.create(notes["his own"], "mine")], user="second")
    return TwoUsers(own, shared, other, grants, notes, left)


@when("the second user names what is not his, in pushes and pulls")
def name_foreign(scene: Scene, users: TwoUsers, datatable: list[list[str]]) -> None:
    users.look("before")
    for (case,) in datatable[1:]:
        attack(case, attackers(users)[case])


@when("he adds to notes by their ids, from a client of his own")
def add_to_foreign(users: TwoUsers, datatable: list[list[str]]) -> None:
    for (whose,) in datatable[1:]:
        mutation = users.other.append(users.notes[whose], ADDED)
        users.other.push("an addition", [mutation], user="second", note=whose)


@when("each pulls what is his")
def pull_own(users: TwoUsers) -> None:
    users.other.pull("what is his", user="second")
    users.look("after")


def attackers(users: TwoUsers) -> dict[str, Replica]:
    """The second user's client as it would be, by what it names."""
    own, shared, fresh = users.own, users.shared, f"client-{secrets.token_hex(8)}"
    new = {"group": f"group-{secrets.token_hex(8)}", "client": fresh, "made": 0}
    return {
        "the other's group and client": taken_over(users, own),
        "the other's group, and a client of nobody": taken_over(users, own, client=fresh, made=0),
        "the other's client in a group of his own": taken_over(users, own, group=users.other.group),
        "the workspace's group, without the workspace": taken_over(users, shared, workspace=None),
        "the workspace's group and the workspace": taken_over(users, shared),
        "the workspace": taken_over(users, shared, **new),
        "a workspace of nobody": taken_over(users, shared, **new, workspace=NOBODYS),
        "a workspace that he was removed from": taken_over(users, shared, **new, workspace=users.left),
    }


def taken_over(users: TwoUsers, replica: Replica, **changes: Any) -> Replica:
    """A client of the first user, with the second user's token, and changed besides."""
    return replace(replica, agent=users.other.agent, token=users.other.token, **changes)


def attack(case: str, replica: Replica) -> None:
    """Push the next mutation there, and pull."""
    mutation = replica.create(f"note-{secrets.token_hex(8)}", f"pushed by the second user: {case}")
    replica.push("a foreign push", [mutation], user="second", named=case)
    if case != "the other's client in a group of his own":  # a pull names no client
        replica.pull("a foreign pull", user="second", named=case)
