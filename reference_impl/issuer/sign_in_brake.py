"""Slows down who guesses passwords (OWASP ASVS 5.0.0 6.3.1), without a way for strangers to lock anybody out.

Failed sign-ins are counted for each name that was typed, whether somebody is called so or not. After `FREE` of them
each further attempt must wait, longer each time; what comes earlier is answered unseen. A browser in which this name
has signed in before is counted by itself (OWASP's "device cookies"), so that its user does not wait for what others
tried.

Counted in this process: several servers of a stage allow as many times the attempts, a start forgets them. What is kept
are keyed hashes, for people type passwords into the field for names.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from typing import TypeVar

from reference_impl.clock import Clock

FREE = 10  # failures that cost nothing
LONGEST = 60.0  # seconds between two attempts; the first pause is one second, and each is twice the last
FORGOTTEN = 900.0  # seconds after the last failure
MOST = 10_000  # names and browsers that are remembered; the oldest are forgotten first

Key = TypeVar("Key")
Value = TypeVar("Value")


class SignInBrake:
    """Counts failed sign-ins by name. Safe for several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._failures: OrderedDict[bytes, tuple[int, float]] = OrderedDict()  # how many, and when the last was
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def attempt(self, name: str, browser: str) -> float:
        """Count an attempt as failed until it succeeds; return 0. Or return how many seconds it must wait: then it is
        not counted, and must not be tried."""
        with self._lock:
            counter, now = self._counter(name, browser), self._clock.now()
            failures, last_at = self._failures.get(counter, (0, now))
            if now >= last_at + FORGOTTEN:
                failures = 0
            wait = last_at + _pause(failures) - now
            if wait > 0:
                return wait
            _remember(self._failures, counter, (failures + 1, now))
            return 0.0

    def succeeded(self, name: str, browser: str) -> None:
        """Forget the failures, and know the browser from now on."""
        with self._lock:
            self._failures.pop(self._counter(name, browser), None)
            _remember(self._known, self._hash(name, browser), None)

    def take_back(self, name: str, browser: str) -> None:
        """Do not count an attempt of which nobody could say whether it was right."""
        with self._lock:
            counter = self._counter(name, browser)
            failures, last_at = self._failures.get(counter, (1, 0.0))
            self._failures[counter] = (failures - 1, last_at)

    def _counter(self, name: str, browser: str) -> bytes:
        own = self._hash(name, browser)
        return own if own in self._known else self._hash(name)

    def _hash(self, *texts: str) -> bytes:
        message = b"|".join(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts)
        return hmac.new(self._key, message, hashlib.sha256).digest()


def _pause(failures: int) -> float:
    return min(LONGEST, 2.0 ** min(failures - FREE, 10)) if failures >= FREE else 0.0


def _remember(among: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    among[key] = value
    among.move_to_end(key)
    if len(among) > MOST:
        among.popitem(last=False)
