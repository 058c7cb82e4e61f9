"""What the harness holds of the reference's sessions, hears of them, and does to their revocation."""

from __future__ import annotations

import time

import pytest

from harness.errors import TargetError
from harness.observations import HttpExchange
from harness.observe import Recorder
from harness.targets.reference import ReferenceTarget


def test_a_revocation_meets_no_answer_only_while_the_outage_lasts(
    reference: ReferenceTarget, recorder: Recorder
) -> None:
    issuer = reference.issuer("dev", recorder)
    client = next(iter(issuer.address.clients.values()))
    grant = issuer.log_in("login", client, issuer.address.users["existing"])
    with reference.admin().revocation_unreachable("dev", recorder, "cut off"):
        assert issuer.revoke("revocation", grant.refresh_token, client).status == 0
        assert issuer.discover("metadata").status == 200, "the rest of the network goes on"
    cut_off = recorder.seen.one(HttpExchange, "cut off", client=client.client_id)
    assert cut_off.status is None
    assert grant.refresh_token not in cut_off.request_body
    assert issuer.refresh("refresh", grant.refresh_token, client).status == 200
    assert issuer.revoke("revocation", grant.refresh_token, client).status == 200


def test_a_connection_hears_of_its_user_and_ends_with_its_session(
    reference: ReferenceTarget, recorder: Recorder
) -> None:
    issuer = reference.issuer("dev", recorder)
    client = next(iter(issuer.address.clients.values()))
    grant, other = (issuer.log_in("login", client, issuer.address.users["existing"]) for _ in range(2))
    channel = reference.realtime("dev", recorder)
    assert channel.subscribe("open", "one", grant.access_token).open
    channel.provoke("a change", other.access_token)
    assert channel.receive("message", "one", 5).messages == 1
    issuer.revoke("revocation", grant.refresh_token, client)
    ended = channel.watch("end", "one", time.monotonic(), 10)
    assert (ended.open, ended.closed_after is not None) == (False, True)
    refused = channel.subscribe("again", "two", grant.access_token)
    assert (refused.status, refused.open) == (401, False)
    with pytest.raises(TargetError, match="a note was not taken: HTTP 401"):
        channel.provoke("a change", grant.access_token)
    channel.close()


def test_copies_are_what_a_client_was_given_last(reference: ReferenceTarget, recorder: Recorder) -> None:
    issuer = reference.issuer("staging", recorder)
    client = next(iter(issuer.address.clients.values()))
    grant = issuer.log_in("login", client, issuer.address.users["existing"])
    refreshed = issuer.refresh("refresh", grant.refresh_token, client).json()
    issuer.refresh("refused", grant.refresh_token + "x", client)
    copies = reference.taps["staging"].copies(recorder, "copies", client.client_id)
    assert (copies.access_token, copies.refresh_token) == (refreshed["access_token"], refreshed["refresh_token"])
    assert recorder.seen.one(HttpExchange, "copies").about["role"] == "tap"
    with pytest.raises(TargetError, match="was given no tokens"):
        reference.taps["staging"].copies(recorder, "copies", "nobody")
