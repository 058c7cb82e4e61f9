"""The reference's server behind push and pull, as the harness meets it."""

from __future__ import annotations

from harness.observations import Observation, StoredData
from harness.observe import Recorder
from harness.probes.authorization import Grant
from harness.probes.replica import Replica
from harness.targets.reference import ReferenceTarget


def grant_of(reference: ReferenceTarget, recorder: Recorder, user: str) -> Grant:
    at = reference.issuer("dev", recorder)
    return at.log_in("a session", at.address.clients["web"], at.address.users[user])


def test_what_a_push_stores_shows_and_a_failure_before_the_acknowledgement_leaves_nothing(
    reference: ReferenceTarget,
) -> None:
    seen: list[Observation] = []
    recorder = Recorder("s", reference.redactor, seen.append)
    at, server = reference.issuer("dev", recorder), reference.sync_server("dev", recorder)
    grant = grant_of(reference, recorder, "syncer1")
    assert at.address.sync is not None
    replica = Replica(at.new_agent(), at.address.api, at.address.sync, grant.access_token)
    mutation = replica.create("a note of this test", "text")
    before = server.stored("before")
    server.fails_before_acknowledging()
    assert replica.push("a push", [mutation]).status == 503
    failed = server.stored("failed")
    assert (failed.rows["notes"], failed.rows["sync_clients"]) == (before.rows["notes"], before.rows["sync_clients"])
    assert replica.push("a push", [mutation]).status == 200
    after = server.stored("after")
    assert isinstance(after, StoredData)
    assert after.rows["notes"] == before.rows["notes"] + 1
    assert after.digest != before.digest


def test_members_come_and_go(reference: ReferenceTarget) -> None:
    recorder = Recorder("s", reference.redactor, lambda _: None)
    at, server = reference.issuer("dev", recorder), reference.sync_server("dev", recorder)
    first, second = (grant_of(reference, recorder, user) for user in ("syncer1", "syncer2"))
    workspace = server.new_workspace(first.access_token)
    assert at.address.sync is not None
    replica = Replica(at.new_agent(), at.address.api, at.address.sync, second.access_token, workspace=workspace)
    statuses = []
    for active in (True, False):
        server.set_member(workspace, first.access_token, second.access_token, active)
        statuses.append(replica.pull("a pull").status)
    assert statuses == [200, 404]
