"""Phrases about mutations that are pushed more than once, or out of order. Each adds a mark to the end of one note."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from pytest_bdd import given, when

from harness.probes.authorization import Grant
from harness.probes.replica import Mutation, Replica
from harness.scene import Scene
from steps.syncing import log_in_as, replica_of, sync_server
from steps.token import issuer

__all__ = ["Tally"]

AT_ONCE = 20


@dataclass
class Tally:
    """A client with one note, and the marks that it has to hold in the end."""

    replica: Replica = field(repr=False)
    grant: Grant = field(repr=False)
    note: str
    marks: list[str] = field(default_factory=list)

    def mark(self, replica: Replica | None = None) -> Mutation:
        """A mutation that adds the next mark."""
        self.marks.append(f"<{len(self.marks) + 1}>")
        return (replica or self.replica).append(self.note, self.marks[-1])

    def look(self, case: str) -> None:
        """Pull everything, and tell which marks are to be there."""
        told = {"note": self.note, "marks": "".join(self.marks), "client": self.replica.client}
        self.replica.pull(case, **told, made=str(self.replica.made))


@given("a client with a note that grows with each of its mutations", target_fixture="tally")
def a_tally(scene: Scene) -> Tally:
    grant = log_in_as(scene, "the client's session", "syncer1")
    tally = Tally(replica_of(scene, grant), grant, f"note-{secrets.token_hex(8)}")
    tally.replica.push("the note", [tally.replica.create(tally.note, "|")])
    return tally


@when("its mutations are pushed again with a new token, as if the answer had been lost")
def push_again(scene: Scene, tally: Tally) -> None:
    at, mutations = issuer(scene), [tally.mark(), tally.mark()]
    tally.replica.push("the push", mutations)
    tally.look("before the same again")
    answer = at.refresh("the new token", tally.grant.refresh_token, tally.grant.client)
    tally.replica.token = at.tokens_of("the new token", answer)["access_token"]
    tally.replica.push("the same again", mutations)
    tally.look("after the same again")


@when("the same push is sent twenty times at once")
def push_at_once(scene: Scene, tally: Tally) -> None:
    mutations = [tally.mark(), tally.mark()]
    replicas = [replace(tally.replica, agent=issuer(scene).new_agent()) for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda one: one.push("twenty at once", mutations), replicas))
    tally.look("after twenty at once")


@when("the server fails between a mutation's effect and its acknowledgement, and the client pushes again")
def push_to_a_server_that_fails(scene: Scene, tally: Tally) -> None:
    mutations = [tally.mark(), tally.mark()]
    sync_server(scene).fails_before_acknowledging()
    tally.replica.push("a push that fails", mutations)
    _look_without(tally, "after a failure", 2)
    tally.replica.push("a push after the failure", mutations)
    tally.look("after the push was sent again")


@when("another tab of the same client group pushes what the client has not sent, and so does the client")
def push_from_two_tabs(scene: Scene, tally: Tally) -> None:
    other = replace(tally.replica, client=f"client-{secrets.token_hex(8)}", made=0)
    recovered, own = [tally.mark(), tally.mark()], [tally.mark(other)]
    other.push("the other tab", [*recovered, *own])
    tally.replica.push("the same again", recovered)
    other.push("the same again", own)
    tally.look("after two tabs")


@when("a push leaves out a mutation, and later brings it")
def push_with_a_gap(scene: Scene, tally: Tally) -> None:
    first, missing, *late = [tally.mark() for _ in range(4)]
    tally.replica.push("a push without one of its mutations", [first, *late])
    _look_without(tally, "after the gap", 3)
    tally.replica.push("the whole push", [missing, *late])
    tally.look("at the end")


def _look_without(tally: Tally, case: str, most: int) -> None:
    """Look while the last marks may be missing, and those of them that are there belong in order."""
    whole: Sequence[str] = tally.marks
    tally.replica.pull(
        case,
        note=tally.note,
        marks="".join(whole[:-most]),
        late="".join(whole[-most:]),
        client=tally.replica.client,
        made=str(tally.replica.made),
        most=str(tally.replica.made - most),
    )
