"""Two processes of four threads use one store at once; a third one is killed while it holds the lock.

Three threads of each process write, rotate, read and clear; the fourth reads all the while, for those that wait for the
lock together also read together, when nobody writes.
"""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from harness.targets.reference_trials.disk import disk
from harness.targets.reference_trials.places import TIME_LIMIT, open_store, paused, small_entries
from harness.targets.reference_trials.tracing import in_a_fork
from reference_impl.parts import Parts
from reference_impl.session_store import NotFound, SessionStore
from reference_impl.session_store.errors import SessionStoreError

__all__ = ["race"]

STAGE = "prod"
ANNA, BEN, CARL = "anna", "ben", "carl"  # rotated by all; written once; set and cleared
THREADS, PROCESSES = 4, 2
PAUSE = 0.002  # seconds before each write of the back end
FIRST_PAUSE = 0.3  # before the first of each process: long enough that another process reads meanwhile
LONG = 1_500  # characters: more than one small entry holds

Event = dict[str, Any]


def race(environ: Mapping[str, str], parts: Parts, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """`operations`: how many each thread makes."""
    parts = paused(small_entries(parts), PAUSE, FIRST_PAUSE)
    began = time.monotonic()
    with disk():
        return _race(environ, parts, given, began)


def _race(environ: Mapping[str, str], parts: Parts, given: Mapping[str, Any], began: float) -> Mapping[str, Any]:
    start = time.monotonic() + 0.3  # all forks have opened their stores by then
    works = [_Client(environ, parts, f"p{n}", int(given["operations"]), start) for n in range(PROCESSES)]
    events: list[Event] = []
    for told in _all_at_once([work.run for work in works]):
        events += told or [_event("lost", "end", "", began, outcome="error", error="the process ended")]
    last = open_store(environ, parts, "race")
    for account in (ANNA, BEN):
        events.append(_read(last, "last", account, "refresh_token"))
    seconds = time.monotonic() - began
    return {"events": events, "seconds": seconds, "reclaimed": _reclaim(environ, parts), "mode": last.status().mode}


class _Client:
    """One process, with its threads and its own store."""

    def __init__(self, environ: Mapping[str, str], parts: Parts, name: str, operations: int, start: float) -> None:
        self._environ, self._parts, self._name = environ, parts, name
        self._operations, self._start = operations, start
        self._events: list[Event] = []

    def run(self) -> list[Event]:
        store = open_store(self._environ, self._parts, "race")
        threads = [threading.Thread(target=self._work, args=(store, n)) for n in range(THREADS - 1)]
        for thread in threads:
            thread.start()
        self._watch(store, threads)
        return self._events

    def _watch(self, store: SessionStore, others: list[threading.Thread]) -> None:
        """Read again and again until the others are done."""
        while any(thread.is_alive() for thread in others):
            self._events.append(_read(store, f"{self._name}.reader", ANNA, "profile"))
            self._events.append(_read(store, f"{self._name}.reader", ANNA, "refresh_token"))
            time.sleep(2 * PAUSE)

    def _work(self, store: SessionStore, number: int) -> None:
        writer = f"{self._name}.{number}"
        time.sleep(max(0.0, self._start - time.monotonic()))
        if writer == "p0.0":
            self._events.append(_write(store, writer, 1, BEN, "refresh_token", long=False))
        else:
            time.sleep(FIRST_PAUSE / 10)
        for count in range(1, self._operations + 1):
            self._events += _turn(store, writer, count)


def _turn(store: SessionStore, writer: str, count: int) -> list[Event]:
    """One round of a thread: it writes, rotates, reads, and now and then clears."""
    kinds: list[Callable[[], Event]] = [
        lambda: _write(store, writer, count, ANNA, "profile", long=True),
        lambda: _read(store, writer, ANNA, "profile"),
        lambda: _rotate(store, writer),
        lambda: _read(store, writer, ANNA, "refresh_token"),
        lambda: _write(store, writer, count, CARL, "profile", long=False),
        lambda: _clear(store, writer, CARL),
        lambda: _read(store, writer, CARL, "profile"),
    ]
    first = (count + int(writer[-1])) % len(kinds)
    return [kinds[(first + step) % len(kinds)]() for step in range(2)]


def sealed(writer: str, counter: int, long: bool) -> str:
    """A value that tells who wrote it, and whether it is whole."""
    body = f"{writer}:{counter}:{'x' * (LONG if long else 10)}"
    return f"{body}:{hashlib.sha256(body.encode()).hexdigest()[:16]}"


def opened(value: str | bytes) -> tuple[str, int, bool]:
    """Writer, counter, and whether the value is whole."""
    body, _, digest = str(value).rpartition(":")
    whole = hashlib.sha256(body.encode()).hexdigest()[:16] == digest
    writer, counter, *_ = [*body.split(":"), "0", "0"]
    return writer, int(counter) if counter.isdigit() else 0, whole


def _write(store: SessionStore, writer: str, counter: int, account: str, item: str, *, long: bool) -> Event:
    began = time.monotonic()
    outcome, error = _tried(lambda: store.set(STAGE, account, item, sealed(writer, counter, long)))
    return _event(
        writer, "set", account, began, item=item, writer=writer, counter=counter, outcome=outcome, error=error
    )


def _rotate(store: SessionStore, writer: str) -> Event:
    """Read the newest, make its successor, write it, with a pause in between; the counter is everybody's."""
    began, made = time.monotonic(), 0

    def successor(old: str | bytes | None) -> str:
        nonlocal made
        time.sleep(PAUSE)
        made = opened(old)[1] + 1 if old is not None else 1
        return sealed("rotation", made, long=False)

    outcome, error = _tried(lambda: store.update(STAGE, ANNA, "refresh_token", successor))
    return _event(
        writer,
        "rotate",
        ANNA,
        began,
        item="refresh_token",
        writer="rotation",
        counter=made,
        outcome=outcome,
        error=error,
    )


def _read(store: SessionStore, reader: str, account: str, item: str) -> Event:
    began = time.monotonic()
    try:
        writer, counter, whole = opened(store.get(STAGE, account, item))
    except NotFound:
        return _event(reader, "get", account, began, item=item, outcome="not_found")
    except SessionStoreError as error:
        return _event(reader, "get", account, began, item=item, outcome="error", error=type(error).__name__)
    return _event(
        reader, "get", account, began, item=item, writer=writer, counter=counter, whole=whole, outcome="value"
    )


def _clear(store: SessionStore, writer: str, account: str) -> Event:
    began = time.monotonic()
    outcome, error = _tried(lambda: store.clear(STAGE, account))
    return _event(writer, "clear", account, began, outcome=outcome, error=error)


def _tried(work: Callable[[], None]) -> tuple[str, str]:
    try:
        work()
    except SessionStoreError as error:
        return "error", type(error).__name__
    return "done", ""


def _event(by: str, operation: str, account: str, began: float, **more: Any) -> Event:
    told = {"by": by, "operation": operation, "account": account, "began": began, "ended": time.monotonic()}
    return {"item": "", "writer": "", "counter": 0, "whole": True, "outcome": "done", "error": "", **told, **more}


def _all_at_once(works: list[Callable[[], list[Event]]]) -> list[list[Event] | None]:
    """What each gives, each in a fork of its own at the same time."""
    given: list[list[Event] | None] = [None] * len(works)

    def wait(number: int) -> None:
        given[number] = in_a_fork(works[number])

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


def _reclaim(environ: Mapping[str, str], parts: Parts) -> float | None:
    """Seconds until a client writes after another was killed while it alone could write; None where that failed."""
    read, write = os.pipe()
    holder = os.fork()
    if holder == 0:
        try:
            held = open_store(environ, parts, "race")

            def hold(old: str | bytes | None) -> str:
                os.write(write, b"held")
                time.sleep(60)
                return ""

            held.update(STAGE, CARL, "refresh_token", hold)
        finally:
            os._exit(0)
    os.close(write)
    waiting = open_store(environ, parts, "race")
    held_it = os.read(read, 4)
    os.close(read)
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    if not held_it:
        return None
    killed = time.monotonic()
    outcome, _ = _tried(lambda: waiting.set(STAGE, CARL, "refresh_token", "after the kill"))
    return time.monotonic() - killed if outcome == "done" else TIME_LIMIT + time.monotonic() - killed
