"""How an API comes by its issuer's keys."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import pytest
import requests
import responses

from reference_impl.api.issuer_keys import IssuerKeys, KeysUnavailable, fetch_over_http

Bench = Any  # conftest's
ISSUER = "https://auth.dev.example"
URL = f"{ISSUER}/.well-known/jwks.json"


class Clock:
    time = 1000.0

    def now(self) -> float:
        return self.time


class Counting:
    """A fetch that counts, and answers with the count as the key's id."""

    fetches = 0

    def __call__(self) -> Any:
        self.fetches += 1
        return {"keys": [{"kid": str(self.fetches)}]}


def test_keys_are_fetched_once_and_again_when_they_are_old() -> None:
    fetch, clock = Counting(), Clock()
    keys = IssuerKeys(fetch, clock)
    assert [keys()["keys"][0]["kid"] for _ in range(3)] == ["1", "1", "1"]
    clock.time += 600
    assert keys()["keys"][0]["kid"] == "2"


def test_an_unknown_key_id_causes_one_fetch_in_thirty_seconds_however_often_it_comes() -> None:
    fetch, clock = Counting(), Clock()
    keys = IssuerKeys(fetch, clock)
    for _ in range(200):
        keys.refresh()
    assert fetch.fetches == 1
    clock.time += 30
    for _ in range(200):
        keys.refresh()
    assert fetch.fetches == 2


def test_an_issuer_that_fails_is_not_asked_more_often_for_unknown_key_ids() -> None:
    fetch, clock = Counting(), Clock()
    keys = IssuerKeys(fetch, clock)
    keys()
    clock.time += 40

    def failing() -> Any:
        fetch.fetches += 1
        raise KeysUnavailable("out of order")

    keys.fetch = failing
    for _ in range(200):
        with suppress(KeysUnavailable):
            keys.refresh()
    assert fetch.fetches == 2
    assert keys()["keys"][0]["kid"] == "1"
    clock.time += 600
    for _ in range(200):
        with pytest.raises(KeysUnavailable):
            keys()
    assert fetch.fetches == 3


def test_who_has_keys_does_not_wait_for_somebody_who_looks_for_more() -> None:
    fetch, clock = Counting(), Clock()
    keys = IssuerKeys(fetch, clock)
    keys()
    clock.time += 40
    asked, go_on = threading.Event(), threading.Event()

    def slow() -> Any:
        asked.set()
        go_on.wait(30)
        return {"keys": []}

    keys.fetch = slow
    looking = threading.Thread(target=keys.refresh)
    looking.start()
    assert asked.wait(30)
    assert keys()["keys"][0]["kid"] == "1"
    go_on.set()
    looking.join(30)


def test_without_keys_nobody_is_let_in_and_nobody_is_refused_for_good(bench: Bench) -> None:
    token = bench.login()["access_token"]
    view = bench.issuer.app.view_functions
    view["jwks"] = lambda: ("out of order", 500)
    assert bench.me(token).status_code == 503


@responses.activate
@pytest.mark.parametrize("answer", [{"body": "{"}, {"json": []}, {"json": {"keys": [1]}}, {"status": 500}])
def test_what_is_no_key_set_is_told_as_such(answer: Any) -> None:
    responses.get(URL, **answer)
    with pytest.raises(KeysUnavailable):
        fetch_over_http(requests.Session(), ISSUER)


@responses.activate
def test_keys_of_an_issuer_elsewhere_are_fetched_over_http() -> None:
    responses.get(URL, json={"keys": []})
    assert fetch_over_http(requests.Session(), ISSUER) == {"keys": []}
