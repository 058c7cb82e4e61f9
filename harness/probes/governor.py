"""What keeps a run from harming a target that others rely on, and a target from holding up the run.

One governor serves all clients of a target, whatever thread they are in: it spaces requests out, leaves a dead target
alone, comes again where one says when, ends its patience with a slow one, and in a read-only run lets nothing through
that could write.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

from harness.errors import NotOffered
from harness.probes.clients import Exchanged, HttpClient, origin

__all__ = ["Governed", "Governor", "Tolerance"]

READING = ("GET", "HEAD")


@dataclass(frozen=True)
class Tolerance:
    """How much of a target one run bears.

    `rate` is requests a second, `burst` how many may go at once after a rest. An origin is dead after `failures`
    exchanges without an answer in a row, and is asked once more every `retry` seconds. `patience` is how many seconds
    in all its answers may take beyond `prompt` seconds each, `volume` how many bytes of bodies a run reads: after that
    nothing more is sent. Who is put off comes `again` so often, if he is to wait no longer than `pause` seconds each
    time, and `patience` in all; after that the answer stands as it came.
    """

    rate: float = 20.0
    burst: int = 20
    failures: int = 5
    retry: float = 10.0
    prompt: float = 3.0
    patience: float = 300.0
    volume: int = 100_000_000
    again: int = 3
    pause: float = 30.0


@dataclass
class _Health:
    """How an origin fares: failures in a row, the last of them, and since when it is dead, by two clocks."""

    failures: int = 0
    last: str = ""
    since: str = ""
    next_trial: float = 0.0


class Governor:
    """Shared by all clients of one target in one run. `clock` is monotonic."""

    def __init__(
        self,
        tolerance: Tolerance | None = None,
        read_only: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bears = tolerance or Tolerance()
        self._read_only, self._clock, self._sleep = read_only, clock, sleep
        self._lock = threading.Lock()
        self._due = 0.0  # when the next request would go at an even pace
        self._health: dict[str, _Health] = {}
        self._slow, self._bytes, self._waited = 0.0, 0, 0.0

    def governs(self, client: HttpClient) -> HttpClient:
        """The client, under this governor."""
        return Governed(client, self)

    def permit(self, method: str) -> None:
        """Raises NotOffered where the run only reads and this method could write (RFC 9110 §9.2.1)."""
        if self._read_only and method not in READING:
            raise NotOffered("writing", f"the run is read-only, and this needs a {method}")

    def objection(self, url: str) -> str:
        """Why nothing is sent there, "" where something may be. Of a dead origin's callers one goes through now and
        then."""
        with self._lock:
            if self._slow >= self._bears.patience:
                return f"its answers kept this run waiting for {self._slow:.0f} s in all"
            if self._bytes >= self._bears.volume:
                return f"it has sent this run {self._bytes:,} bytes"
            health = self._health.setdefault(origin(url), _Health())
            if health.failures < self._bears.failures:
                return ""
            if self._clock() >= health.next_trial:
                health.next_trial = self._clock() + self._bears.retry
                return ""
            return (
                f"{origin(url)} is dead since {health.since}: no answer {health.failures} times in a row"
                f" (the last time: {health.last})"
            )

    def wait_for_turn(self) -> None:
        """Wait until one more request keeps within the rate (the generic cell rate algorithm, a token bucket)."""
        interval = 1 / self._bears.rate
        with self._lock:
            now = self._clock()
            due = max(self._due, now)
            self._due = due + interval
            pause = due - (self._bears.burst - 1) * interval - now
        if pause > 0:
            self._sleep(pause)

    def waits_as_told(self, came: Exchanged) -> float:
        """Wait as long as an answer says that puts the request off (RFC 9110 §10.2.3). The seconds; 0 where it says
        nothing, or more than is borne."""
        seconds = _retry_after(came) if came.status in (429, 503) else 0.0
        with self._lock:
            if not 0 < seconds <= min(self._bears.pause, self._bears.patience - self._waited):
                return 0.0
            self._waited += seconds
        self._sleep(seconds)
        return seconds

    @property
    def again(self) -> int:
        return self._bears.again

    def learn(self, url: str, came: Exchanged) -> None:
        """Take note of what came of a request."""
        with self._lock:
            self._slow += max(0.0, came.seconds - self._bears.prompt)
            self._bytes += came.size
            health = self._health.setdefault(origin(url), _Health())
            if came.status:
                self._health[origin(url)] = _Health()
                return
            health.failures += 1
            health.last = came.error
            if health.failures == self._bears.failures:
                health.since = time.strftime("%H:%M:%S UTC", time.gmtime())
                health.next_trial = self._clock() + self._bears.retry


class Governed:
    """A client that asks its governor before each request."""

    def __init__(self, client: HttpClient, governor: Governor) -> None:
        self.name, self.bounds = client.name, client.bounds
        self.cookies_for, self.close = client.cookies_for, client.close
        self._client, self._governor = client, governor

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Exchanged:
        """What came, at last where it was put off; its seconds count from the first time that it was sent. Raises
        NotOffered where the run only reads and this could write."""
        self._governor.permit(method)
        came, before = self._send(method, url, headers, body), 0.0
        for _ in range(self._governor.again):
            if not (waited := self._governor.waits_as_told(came)):
                break
            before += came.seconds + waited
            came = self._send(method, url, headers, body)
        return replace(came, seconds=came.seconds + before) if before else came

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: str) -> Exchanged:
        if objection := self._governor.objection(url):
            return Exchanged(0, error=f"not sent: {objection}")
        self._governor.wait_for_turn()
        came = self._client.exchange(method, url, headers, body)
        self._governor.learn(url, came)
        return came


def _retry_after(came: Exchanged) -> float:
    """The seconds that a Retry-After names, also by a date; 0 where it names none."""
    told = next((value.strip() for name, value in came.headers if name.lower() == "retry-after"), "")
    if re.fullmatch(r"[0-9]{1,9}", told):
        return float(told)
    try:
        return parsedate_to_datetime(told).timestamp() - time.time()
    except (ValueError, OverflowError):
        return 0.0
