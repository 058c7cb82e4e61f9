"""Where storage fails, nobody is refused and nothing is lost: 503, and the same request succeeds when it is back."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import pytest

from reference_impl.api.app import REALTIME
from reference_impl.database import StorageError
from reference_impl.stage import GrantsInStore
from tests.reference_impl.conftest import API, Bench

ROUTES: Mapping[str, Any] = {
    "GET /me": None,
    "GET /notes": None,
    "POST /notes": {"text": "a note"},
    "GET /events": None,
    "POST /sync/push": {"clientGroupID": "g", "mutations": [], "pushVersion": 1},
    "POST /sync/pull": {"clientGroupID": "g", "cookie": None, "pullVersion": 1},
    "POST /workspaces": {},
    "POST /workspaces/members": {"workspace": "w", "subject": "s", "active": True},
}
FAILURES = [sqlite3.OperationalError("database is locked"), OSError(5, "I/O error"), StorageError("throttled")]


@pytest.fixture
def authorization(bench: Bench) -> dict[str, str]:
    return {"Authorization": f"Bearer {bench.login()['access_token']}"}


def ask(bench: Bench, route: str, headers: Mapping[str, str]) -> Any:
    method, path = route.split()
    return bench.api.test_client().open(path, method=method, json=ROUTES[route], headers=headers, base_url=API)


def assert_put_off(answer: Any) -> None:
    assert (answer.status_code, answer.json) == (503, {"error": "temporarily_unavailable"})
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"
    assert "WWW-Authenticate" not in answer.headers, "nobody is to sign in anew for this"


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("route", ROUTES)
def test_a_store_that_cannot_be_asked_puts_every_route_off(
    bench: Bench,
    authorization: dict[str, str],
    route: str,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*arguments: object) -> bool:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(GrantsInStore, "is_active", fail)
        assert_put_off(ask(bench, route, authorization))
    assert type(error).__name__ in caplog.text, "an operator has to know"
    assert authorization["Authorization"].split()[1] not in caplog.text
    back = ask(bench, route, authorization)
    assert back.status_code not in (401, 503)
    back.close()


def test_a_mistake_of_the_program_is_no_failure_of_its_storage(
    bench: Bench, authorization: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> bool:
        raise KeyError("a mistake")

    monkeypatch.setattr(GrantsInStore, "is_active", fail)
    answer = ask(bench, "GET /me", authorization)
    assert answer.status_code == 500
    assert "Retry-After" not in answer.headers


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock is waited for only briefly."""
    monkeypatch.setattr("reference_impl.database.BUSY_SECONDS", 0.05)


@contextmanager
def locked(bench: Bench) -> Iterator[None]:
    """Another process writes, and does not come to an end."""
    with closing(sqlite3.connect(bench.config.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_database_that_another_process_holds_puts_writers_off_and_is_read_meanwhile(
    soon: None, bench: Bench, authorization: dict[str, str]
) -> None:
    with locked(bench):
        assert_put_off(ask(bench, "POST /notes", authorization))
        assert ask(bench, "GET /notes", authorization).json == {"notes": []}
    assert ask(bench, "POST /notes", authorization).status_code == 201
    assert [note["text"] for note in ask(bench, "GET /notes", authorization).json["notes"]] == ["a note"]


def test_an_issuer_whose_database_is_held_says_when_to_come_again_and_the_token_still_works(
    soon: None, bench: Bench
) -> None:
    token = bench.login()["refresh_token"]
    with locked(bench):
        assert_put_off(bench.refresh(token))
    assert bench.refresh(token).status_code == 200


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_a_stream_ends_where_nobody_can_tell_whether_it_may_go_on(
    bench: Bench,
    authorization: dict[str, str],
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    channel = bench.api.extensions[REALTIME]
    channel.recheck = 0.01
    heard = iter(channel.subscribe(authorization["Authorization"]))
    assert [next(heard), next(heard)] == [": open\n\n", ": heartbeat\n\n"]

    def fail(*arguments: object) -> bool:
        raise error

    monkeypatch.setattr(GrantsInStore, "is_active", fail)
    with caplog.at_level(logging.WARNING):
        assert list(heard) == []
    assert type(error).__name__ in caplog.text
