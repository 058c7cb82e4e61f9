"""A governor spares the target and the run, whatever the clients under it are asked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest

from harness.errors import NotOffered
from harness.probes.clients import Bounds, Exchanged
from harness.probes.governor import Governor, Tolerance

URL = "https://id.example/token"
ANSWER = Exchanged(200, size=10)
SILENCE = Exchanged(0, error="ConnectionError: refused")


class FakeClient:
    """Answers as it is told to, and counts."""

    name, bounds = "fake", Bounds()

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.answer = ANSWER

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Exchanged:
        self.sent.append(method)
        return self.answer

    def cookies_for(self, url: str) -> str:
        return "a=b"

    def close(self) -> None:
        self.sent.append("closed")


class FakeTime:
    """A clock that sleeping sets forward."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now, self.slept = self.now + seconds, self.slept + seconds


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


def governor(clock: FakeTime, read_only: bool = False, **tolerance: float) -> Governor:
    return Governor(Tolerance(**tolerance), read_only, clock.clock, clock.sleep)  # type: ignore[arg-type]


def test_after_a_burst_requests_are_spaced_out(client: FakeClient, clock: FakeTime) -> None:
    governed = governor(clock, rate=10, burst=5).governs(client)
    for _ in range(5):
        governed.exchange("GET", URL, {})
    assert clock.slept == pytest.approx(0, abs=1e-6)
    for _ in range(20):
        governed.exchange("GET", URL, {})
    assert clock.slept == pytest.approx(2.0)
    clock.now += 60
    before = clock.slept
    for _ in range(5):
        governed.exchange("GET", URL, {})
    assert clock.slept == pytest.approx(before)


def test_the_threads_of_a_race_share_the_rate(client: FakeClient) -> None:
    shared = Governor(Tolerance(rate=50, burst=1))
    started = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: shared.governs(client).exchange("POST", URL, {}), range(11)))
    assert time.monotonic() - started > 0.19
    assert len(client.sent) == 11


def test_a_read_only_run_sends_nothing_that_could_write(client: FakeClient, clock: FakeTime) -> None:
    governed = governor(clock, read_only=True).governs(client)
    for method in ("GET", "HEAD"):
        assert governed.exchange(method, URL, {}).status == 200
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get"):
        with pytest.raises(NotOffered, match="the run is read-only"):
            governed.exchange(method, URL, {})
    assert client.sent == ["GET", "HEAD"]


def test_a_dead_target_is_left_alone_and_asked_again_now_and_then(client: FakeClient, clock: FakeTime) -> None:
    governed = governor(clock, failures=3, retry=10, rate=1e6).governs(client)
    client.answer = SILENCE
    came = [governed.exchange("GET", URL, {}) for _ in range(50)]
    assert len(client.sent) == 3
    assert came[-1].status == 0
    assert came[-1].error.startswith("not sent: https://id.example is dead since ")
    assert came[-1].error.endswith("no answer 3 times in a row (the last time: ConnectionError: refused)")
    clock.now += 10
    assert [governed.exchange("GET", URL, {}).error.startswith("not sent") for _ in range(9)] == [False] + 8 * [True]
    clock.now += 10
    client.answer = ANSWER
    assert [governed.exchange("GET", URL, {}).status for _ in range(9)] == 9 * [200]


def test_an_answer_in_between_keeps_a_target_alive(client: FakeClient, clock: FakeTime) -> None:
    governed = governor(clock, failures=3, rate=1e6).governs(client)
    for number in range(30):
        client.answer = ANSWER if number % 3 == 2 else SILENCE
        governed.exchange("GET", URL, {})
    assert len(client.sent) == 30


def test_one_stage_may_be_dead_while_another_lives(client: FakeClient, clock: FakeTime) -> None:
    shared = governor(clock, failures=1)
    client.answer = SILENCE
    shared.governs(client).exchange("GET", "https://dev.example/", {})
    client.answer = ANSWER
    assert shared.governs(client).exchange("GET", "https://dev.example/x", {}).status == 0
    assert shared.governs(client).exchange("GET", "https://prod.example/", {}).status == 200


def test_patience_with_slow_answers_ends(client: FakeClient, clock: FakeTime) -> None:
    governed = governor(clock, prompt=1, patience=20, rate=1e6).governs(client)
    client.answer = Exchanged(200, seconds=6)
    came = [governed.exchange("GET", URL, {}) for _ in range(10)]
    assert len(client.sent) == 4
    assert came[-1].error == "not sent: its answers kept this run waiting for 20 s in all"
    clock.now += 1000
    assert governed.exchange("GET", URL, {}).status == 0


def test_prompt_answers_cost_no_patience(client: FakeClient, clock: FakeTime) -> None:
    governed = governor(clock, prompt=1, patience=20, rate=1e6).governs(client)
    client.answer = Exchanged(200, seconds=0.9)
    for _ in range(500):
        governed.exchange("GET", URL, {})
    assert len(client.sent) == 500


def test_what_is_read_in_one_run_has_an_end(client: FakeClient, clock: FakeTime) -> None:
    governed = governor(clock, volume=3000, rate=1e6).governs(client)
    client.answer = Exchanged(200, size=1000)
    came = [governed.exchange("GET", URL, {}) for _ in range(10)]
    assert (len(client.sent), came[-1].error) == (3, "not sent: it has sent this run 3,000 bytes")


class Busy(FakeClient):
    """Puts off the first requests, and answers the others."""

    def __init__(self, times: int, retry_after: str | None = "5", status: int = 429) -> None:
        super().__init__()
        headers = (("Retry-After", retry_after),) if retry_after is not None else ()
        self.later, self.times = Exchanged(status, headers, seconds=0.5), times

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Exchanged:
        came = super().exchange(method, url, headers, body)
        return self.later if len(self.sent) <= self.times else came


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_put_off_comes_again_when_he_was_told_to(clock: FakeTime, status: int) -> None:
    busy = Busy(2, status=status)
    came = governor(clock).governs(busy).exchange("POST", URL, {})
    assert (came.status, len(busy.sent), clock.slept) == (200, 3, 10)
    assert came.seconds == pytest.approx(11)  # a check that bounds a time counts the wait


@pytest.mark.parametrize("told", [None, "", "0", "-5", "soon", "31", "99999999999999", "Mon, 01 Jan 1990 00:00:00 GMT"])
def test_who_is_not_told_when_or_to_wait_for_long_does_not(clock: FakeTime, told: str | None) -> None:
    busy = Busy(1, told)
    assert governor(clock).governs(busy).exchange("GET", URL, {}) == busy.later
    assert (len(busy.sent), clock.slept) == (1, 0)


def test_when_to_come_again_may_be_told_by_a_date(clock: FakeTime) -> None:
    busy = Busy(1, formatdate(time.time() + 20, usegmt=True))
    assert governor(clock).governs(busy).exchange("GET", URL, {}).status == 200
    assert 0 < clock.slept <= 20


def test_coming_again_has_an_end(clock: FakeTime) -> None:
    busy = Busy(1000)
    governed = governor(clock, patience=40, rate=1e6).governs(busy)
    came = [governed.exchange("GET", URL, {}) for _ in range(20)]
    assert {each.status for each in came} == {429}
    assert (len(busy.sent), clock.slept) == (20 + 8, 40)  # three times each, until its patience ends


def test_another_answer_is_not_asked_for_again(clock: FakeTime) -> None:
    busy = Busy(1, status=500)
    assert governor(clock).governs(busy).exchange("GET", URL, {}).status == 500
    assert clock.slept == 0


def test_a_governed_client_is_its_client_otherwise(client: FakeClient, clock: FakeTime) -> None:
    governed = governor(clock).governs(client)
    assert (governed.name, governed.bounds, governed.cookies_for(URL)) == ("fake", client.bounds, "a=b")
    governed.close()
    assert client.sent == ["closed"]
