"""Judgements about a user who names the client groups, clients and workspaces of another."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange
from harness.observe import MissingObservation, Record

NAMED = (
    "the other's group and client",
    "the other's group, and a client of nobody",
    "the other's client in a group of his own",
    "the workspace's group, without the workspace",
    "the workspace's group and the workspace",
    "the workspace",
    "a workspace of nobody",
    "a workspace that he was removed from",
)
ONLY_PUSHED = "the other's client in a group of his own"
PUSH, PULL = "a foreign push", "a foreign pull"
ADDITION, ADDED = "an addition", "a line that the second user added"
FOREIGN_NOTES = ("the other's", "the workspace's")
LINES = {"own": "a line that only the first user wrote", "workspace": "a line of the workspace"}
ALIKE = (
    ("the workspace", "a workspace of nobody"),
    ("a workspace that he was removed from", "a workspace of nobody"),
    ("the other's group and client", "the other's group, and a client of nobody"),
)


def attacks(seen: Record) -> list[HttpExchange]:
    """Each push and pull of the second user where he names what is not his."""
    pushes = [seen.one(HttpExchange, PUSH, named=name) for name in NAMED]
    pulls = [seen.one(HttpExchange, PULL, named=name) for name in NAMED if name != ONLY_PUSHED]
    return [require_answer(exchange) for exchange in (*pushes, *pulls)]


def is_refused(exchange: HttpExchange) -> bool:
    """By its status, or by an error in the words of the protocol."""
    return exchange.status in (401, 403, 404) or "error" in exchange.json()


def looks(seen: Record, case: str) -> dict[str, HttpExchange]:
    """What the first user pulled, of his own and of the workspace. Raises MissingObservation where it is not what he
    had put there."""
    found = {space: require_answer(seen.one(HttpExchange, case, space=space)) for space in LINES}
    for space, pull in found.items():
        if LINES[space] not in pull.body:
            raise MissingObservation(f"{case}: the first user's own line is not in what he pulled ({short(pull)})")
    return found


@check("SYNC-09.E1", "ASVS 5.0.0 8.2.2, 8.3.1, 8.4.1", "sync")
def what_is_not_his_is_refused(seen: Record, parameters: Parameters) -> Judgement:
    _require_additions(seen)
    taken = [e for e in attacks(seen) if not is_refused(e)]
    complaints = [Complaint(f"{e.case}, {e.about['named']}: {short(e)}", e) for e in taken]
    before, after = looks(seen, "before"), looks(seen, "after")
    complaints += [
        Complaint(f"{member} of the first user has changed ({space})", pull, after[space])
        for space, pull in before.items()
        for member in ("lastMutationIDChanges", "patch")
        if pull.json().get(member) != after[space].json().get(member)
    ]
    return conclude(complaints, f"{len(attacks(seen))} requests were refused, and the first user has what he had")


def _require_additions(seen: Record) -> None:
    """The second user must have added to a note of his own, and named those of others likewise. A server may refuse
    these, or take them for done without an effect (Replicache sends a push again until it is taken)."""
    for whose in ("his own", *FOREIGN_NOTES):
        require_answer(seen.one(HttpExchange, ADDITION, note=whose))
    his = require_answer(seen.one(HttpExchange, "what is his"))
    if ADDED not in his.body:
        raise MissingObservation(f"what the second user added to his own note is not in what he pulled ({short(his)})")


@check("SYNC-09.E2", "ASVS 5.0.0 8.2.2, 8.4.1", "sync")
def nothing_of_the_first_user_is_revealed(seen: Record, parameters: Parameters) -> Judgement:
    looks(seen, "before")
    his = require_answer(seen.one(HttpExchange, "what is his"))
    if his.status != 200:
        raise MissingObservation(f"the second user could not pull what is his ({short(his)})")
    complaints = [
        Complaint(f"{e.case}, {e.about.get('named', 'his own')}: it holds {line!r}", e)
        for e in (*attacks(seen), his)
        for line in LINES.values()
        if line in e.body
    ]
    return conclude(complaints, "no answer to the second user holds a line of the first")


@check("SYNC-09.E3", "ASVS 5.0.0 8.2.2", "sync")
def what_exists_is_not_told(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case in (PUSH, PULL):
        for name, nobodys in ALIKE:
            one, other = (require_answer(seen.one(HttpExchange, case, named=each)) for each in (name, nobodys))
            if (one.status, one.body) != (other.status, other.body):
                told = f"{case}: {name}: {short(one)}; {nobodys}: {short(other)}"
                complaints.append(Complaint(told, one, other))
    return conclude(complaints, "what is another's is answered as what nobody has")
