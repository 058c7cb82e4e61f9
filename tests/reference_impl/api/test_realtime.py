from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from harness.time_limit import TimeLimit
from reference_impl.api import realtime
from reference_impl.api.app import REALTIME
from reference_impl.api.realtime import MOST_OF_ONE, MOST_STREAMS, Realtime
from tests.reference_impl.conftest import API, Bench


@pytest.fixture
def channel(bench: Bench) -> Realtime:
    found: Realtime = bench.api.extensions[REALTIME]
    found.recheck = 0.01
    return found


def bearer(bench: Bench, user: str = "alice") -> str:
    return f"Bearer {bench.login(user=user)['access_token']}"


def words(stream: Iterator[str], event: str) -> list[str]:
    """What comes up to and including the first event of this name; all, where none comes."""
    heard: list[str] = []
    for message in stream:
        heard.append(message)
        if message.startswith(f"event: {event}"):
            break
    return heard


def test_a_caller_hears_of_his_own_notes_and_of_nobody_elses(bench: Bench, channel: Realtime) -> None:
    alice, bob = bearer(bench), bearer(bench, "bob")
    heard = iter(channel.subscribe(alice))
    client = bench.api.test_client()
    for who, text in ((bob, "Bob's"), (alice, "Alice's")):
        made = client.post("/notes", json={"text": text}, headers={"Authorization": who}, base_url=API)
        assert made.status_code == 201
    last = words(heard, "note")[-1]
    assert made.json is not None
    assert last == f"event: note\ndata: {made.json['id']}\n\n"


def test_the_answer_is_an_event_stream_that_nobody_stores(bench: Bench, channel: Realtime) -> None:
    answer = bench.api.test_client().get("/events", headers={"Authorization": bearer(bench)}, base_url=API)
    assert answer.mimetype == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    answer.close()
    assert not channel._inboxes, "its place is free again"


def test_without_a_good_token_no_stream_is_opened(bench: Bench, channel: Realtime) -> None:
    for headers in ({}, {"Authorization": "Bearer made-up"}):
        assert bench.api.test_client().get("/events", headers=headers, base_url=API).status_code == 401


@pytest.mark.parametrize("ending", ["the session is revoked", "the token expires", "the account is disabled"])
def test_an_open_stream_ends_with_what_it_was_opened_for(bench: Bench, channel: Realtime, ending: str) -> None:
    tokens = bench.login()
    heard = iter(channel.subscribe(f"Bearer {tokens['access_token']}"))
    assert next(heard) == ": open\n\n"
    assert next(heard) == ": heartbeat\n\n"
    if ending == "the session is revoked":
        bench.revoke(tokens["refresh_token"])
    elif ending == "the token expires":
        bench.clock.advance(bench.config.lifetimes.access + bench.config.lifetimes.leeway)
    else:
        subject = (bench.me(tokens["access_token"]).json or {})["sub"]
        bench.store.change(lambda state: bench.issuer.accounts.set_disabled(state, subject, True))
    assert list(heard) == []


def test_what_comes_after_the_end_of_the_session_is_not_delivered(bench: Bench, channel: Realtime) -> None:
    tokens = bench.login()
    authorization = f"Bearer {tokens['access_token']}"
    subject = channel._guard.admit(authorization).subject
    heard = iter(channel.subscribe(authorization))
    next(heard)
    channel.recheck = 60
    bench.revoke(tokens["refresh_token"])
    channel.publish(subject, "note", "too-late")
    assert list(heard) == []


def test_streams_are_few_and_their_places_are_given_back(bench: Bench, channel: Realtime) -> None:
    authorization, others = bearer(bench), bearer(bench, "bob")
    streams = [channel.subscribe(authorization) for _ in range(MOST_OF_ONE)]
    with pytest.raises(realtime.TooManyStreams):
        channel.subscribe(authorization)
    for _ in range(MOST_STREAMS - MOST_OF_ONE):
        channel.subscribe(others)  # whose places nobody can take
    streams[0].close()
    streams[0] = channel.subscribe(authorization)
    with pytest.raises(realtime.TooManyStreams):
        channel.subscribe(authorization)
    refused = bench.api.test_client().get("/events", headers={"Authorization": authorization}, base_url=API)
    assert refused.status_code == 503
    streams[0].close()
    streams[0].close()
    channel.subscribe(authorization)


def test_a_caller_who_reads_too_slowly_is_cut_off(bench: Bench, channel: Realtime) -> None:
    authorization = bearer(bench)
    stream = channel.subscribe(authorization)
    subject = channel._guard.admit(authorization).subject
    for number in range(realtime.BACKLOG + 1):
        channel.publish(subject, "note", str(number))
    assert len(list(stream)) == realtime.BACKLOG


def test_closing_ends_every_stream_at_once_and_opens_no_more(bench: Bench, channel: Realtime) -> None:
    authorization = bearer(bench)
    channel.recheck = 60
    stream = iter(channel.subscribe(authorization))
    next(stream)
    threading.Timer(0.05, channel.close).start()
    with TimeLimit(30):
        assert list(stream) == []
    with pytest.raises(realtime.TooManyStreams):
        channel.subscribe(authorization)
