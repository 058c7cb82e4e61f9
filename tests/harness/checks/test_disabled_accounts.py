"""What the checks of disabled accounts conclude."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from harness.checks.disabled_accounts import BEFORE, FIRST, PUSH, PUSHED, REFRESH, STORED, WHILE
from harness.observations import HttpExchange, Observation, RealtimeConnection
from tests.harness.checks.records import (
    assert_failed,
    assert_passed,
    assert_unknown,
    exchange,
    judge,
    refused,
    unanswered,
)

Seen = list[Observation]
CLIENTS = ("web", "desktop")
WAYS = ("GET /me", "POST /notes")
OPENED, ENDED = "a connection", "the connection while disabled"


def connection(case: str, client: str, **changes: Any) -> RealtimeConnection:
    fields = {"status": 200, "open": case == OPENED, "closed_after": None if case == OPENED else 1.5, **changes}
    return RealtimeConnection(case=case, about={"connection": client}, url="", **fields)


def push(case: str, status: int, text: str, **about: str) -> HttpExchange:
    return exchange(case, status, request_body=json.dumps({"text": text}), **about)


def record() -> Seen:
    seen: Seen = []
    for client in CLIENTS:
        seen += [exchange(BEFORE, 200, {"name": "somebody"}, client=client, way=way) for way in WAYS]
        seen.append(connection(OPENED, client))
        seen.append(refused(REFRESH, client=client))
        seen.append(exchange(FIRST, 401, client=client, after="0.1", waited="in full"))
        seen += [exchange(WHILE, 401, {"error": "invalid_token"}, client=client, way=way) for way in WAYS]
        seen.append(connection(ENDED, client))
        seen.append(push(PUSH, 401, "written while disabled", client=client))
    seen.append(push(PUSHED, 201, "written afterwards"))
    seen.append(exchange(STORED, 200, {"notes": ["written afterwards"]}))
    return seen


ALL = ("TOKEN-20.E1", "TOKEN-20.E2", "TOKEN-20.E3")
NEEDED = {"TOKEN-20.E1": {REFRESH}, "TOKEN-20.E2": {WHILE, FIRST}, "TOKEN-20.E3": {PUSHED, STORED}}
NEEDS = [(e, n) for e in ALL for n, one in enumerate(record()) if one.case in NEEDED[e]]


@pytest.mark.parametrize("expectation", ALL)
def test_a_record_that_is_as_it_should_be_passes(expectation: str) -> None:
    assert_passed(judge(expectation, record()))


@pytest.mark.parametrize(("expectation", "index"), NEEDS)
def test_a_request_that_got_no_answer_is_unknown(expectation: str, index: int) -> None:
    assert_unknown(judge(expectation, unanswered(record(), index)))


@pytest.mark.parametrize("expectation", ALL)
def test_an_empty_record_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, [record()[2]]))


def changed(case: str, **fields: Any) -> Seen:
    """The record with the first observation of a case changed."""
    seen = record()
    index = next(n for n, one in enumerate(seen) if one.case == case)
    seen[index] = replace(seen[index], **fields)
    return seen


@pytest.mark.parametrize("status", [200, 204, 400, 404, 500])
def test_a_route_that_does_not_refuse_fails(status: int) -> None:
    assert_failed(judge("TOKEN-20.E2", changed(WHILE, status=status)), "GET /me")


def test_a_refusal_that_tells_what_the_route_told_before_fails() -> None:
    assert_failed(judge("TOKEN-20.E2", changed(WHILE, body='{"error": "somebody may not"}')), "somebody")
    assert_passed(judge("TOKEN-20.E2", changed(WHILE, status=403)))


def test_a_route_that_refused_before_shows_nothing() -> None:
    assert_unknown(judge("TOKEN-20.E2", changed(BEFORE, status=401)))


@pytest.mark.parametrize(
    ("about", "verdict"),
    [
        ({"after": "61", "waited": "in full"}, "unknown"),
        ({"after": "59", "waited": "in full"}, "passed"),
    ],
)
def test_what_counts_is_when_it_was_seen(about: dict[str, str], verdict: str) -> None:
    assert judge("TOKEN-20.E2", changed(FIRST, about={"client": "web", **about})).verdict == verdict


def test_who_did_not_wait_long_enough_knows_nothing() -> None:
    told = {"client": "web", "after": "15", "waited": "in part"}
    assert_unknown(judge("TOKEN-20.E2", changed(FIRST, status=200, about=told)))


@pytest.mark.parametrize("closed_after", [None, 61.0])
def test_a_connection_that_stays_open_fails(closed_after: float | None) -> None:
    assert_failed(judge("TOKEN-20.E2", changed(ENDED, closed_after=closed_after)), "stays open")


def test_a_connection_that_was_never_open_is_unknown() -> None:
    assert_unknown(judge("TOKEN-20.E2", changed(OPENED, open=False, status=503)))


@pytest.mark.parametrize(("status", "body"), [(200, "{}"), (400, '{"error": "invalid_request"}'), (401, "{}")])
def test_a_refresh_that_is_not_refused_as_it_should_be_fails(status: int, body: str) -> None:
    assert_failed(judge("TOKEN-20.E1", changed(REFRESH, status=status, body=body)), "web")


def test_what_was_pushed_and_shows_fails() -> None:
    stored = json.dumps({"notes": ["written while disabled", "written afterwards"]})
    assert_failed(judge("TOKEN-20.E3", changed(STORED, body=stored)), "web")


def test_where_nothing_shows_at_all_nothing_is_known() -> None:
    assert_unknown(judge("TOKEN-20.E3", changed(STORED, body="{}")))
    assert_unknown(judge("TOKEN-20.E3", changed(PUSH, request_body="")))
