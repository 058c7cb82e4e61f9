"""The journal: what happened in a run, as hash-chained JSON lines.

A line is {seq, prev, at, event, data, hash}: `prev` is the hash of the line before (64 zeros at the start), `hash`
the SHA-256 of the canonical line without itself, `at` the time in UTC. Each line is one write to a file opened for
appending: after a kill at any instant all lines but the last are whole, and a torn last line is told.

Each worker has a journal of its own. Joined, a line also names its `worker`, and `was` keeps the hash that it had
there, so that the worker's chain can still be checked.
"""

from __future__ import annotations

import heapq
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import EvidenceError
from harness.evidence.canonical import canonical, canonical_line, parse, sha256

__all__ = ["EVENTS", "Entry", "Journal", "JournalRead", "LineFault", "join_journals", "read_journal"]

EVENTS = ("run-started", "scenario-started", "observation", "finding", "scenario-finished", "run-finished")
_START = "0" * 64


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Entry:
    """One line of a journal. `worker` and `was` are set in a joined journal only."""

    seq: int
    prev: str
    at: str
    event: str
    data: Mapping[str, Any]
    hash: str = ""
    worker: str = ""
    was: str = ""

    def sealed(self) -> Entry:
        """The same with its hash."""
        return replace(self, hash=sha256(canonical(self._fields())))

    def line(self) -> bytes:
        return canonical_line({**self._fields(), "hash": self.hash})

    def _fields(self) -> dict[str, Any]:
        joined = {"worker": self.worker, "was": self.was} if self.worker else {}
        fields = {"seq": self.seq, "prev": self.prev, "at": self.at, "event": self.event, "data": self.data}
        return {**fields, **joined}


@dataclass(frozen=True)
class LineFault:
    """What is wrong with a line; lines count from 1."""

    line: int
    detail: str


@dataclass(frozen=True)
class JournalRead:
    """The entries with their line numbers, what breaks the chain, and whether the last line was torn (and ignored)."""

    entries: tuple[tuple[int, Entry], ...]
    faults: tuple[LineFault, ...]
    torn: bool
    lines: int  # whole ones

    def of(self, event: str) -> Iterator[tuple[int, Entry]]:
        return (item for item in self.entries if item[1].event == event)


class Journal:
    """Appends to a new journal file. Raises FileExistsError where there is one: a run writes over nothing."""

    def __init__(self, path: Path, now: Callable[[], datetime] = _now) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o644)
        self._now = now
        self._lock = threading.Lock()
        self._seq = 0
        self._prev = _START

    def write(self, event: str, data: Mapping[str, Any]) -> Entry:
        """Appends one event; safe for threads. Raises EvidenceError where the disk takes only a part of it."""
        with self._lock:
            at = self._now().astimezone(UTC).isoformat(timespec="microseconds")
            entry = Entry(self._seq, self._prev, at, event, data).sealed()
            line = entry.line()
            if os.write(self._file, line) != len(line):
                raise EvidenceError("the journal could not be written: is the disk full?")
            self._seq, self._prev = self._seq + 1, entry.hash
        return entry

    def close(self) -> None:
        os.close(self._file)


def read_journal(data: bytes) -> JournalRead:
    """All that can be read of a journal. Never raises: what is wrong is told by line."""
    *lines, rest = data.split(b"\n")
    entries: list[tuple[int, Entry]] = []
    faults: list[LineFault] = []
    expected: tuple[int, str] | None = (0, _START)
    for number, line in enumerate(lines, 1):
        try:
            entry = _entry(line)
        except EvidenceError as error:
            faults.append(LineFault(number, str(error)))
            expected = None
            continue
        faults += [LineFault(number, detail) for detail in _breaks(entry, expected)]
        expected = (entry.seq + 1, entry.hash)
        entries.append((number, entry))
    return JournalRead(tuple(entries), (*faults, *_worker_breaks(entries)), bool(rest), len(lines))


def join_journals(journals: Mapping[str, JournalRead]) -> bytes:
    """One journal of those of all workers, in the order of time; each worker's order is kept."""
    streams = [[(worker, entry) for _, entry in journal.entries] for worker, journal in sorted(journals.items())]
    out, prev = bytearray(), _START
    for seq, (worker, entry) in enumerate(heapq.merge(*streams, key=lambda item: _when(item[1]))):
        joined = replace(entry, seq=seq, prev=prev, worker=worker, was=entry.hash).sealed()
        out += joined.line()
        prev = joined.hash
    return bytes(out)


def _when(entry: Entry) -> tuple[int, str]:
    return {"run-started": 0, "run-finished": 2}.get(entry.event, 1), entry.at


def _entry(line: bytes) -> Entry:
    fields = parse(line)
    types = {"seq": int, "data": dict}
    try:
        entry = Entry(**fields)
    except TypeError:
        raise EvidenceError("no journal line: it has other fields") from None
    if any(type(value) is not types.get(name, str) for name, value in fields.items()):
        raise EvidenceError("no journal line: a field has another type")
    if entry.line() != line + b"\n":
        raise EvidenceError("no journal line: it has fields that say nothing")
    return entry


def _breaks(entry: Entry, expected: tuple[int, str] | None) -> Iterator[str]:
    if entry.event not in EVENTS:
        yield f"the event {entry.event!r} is not known"
    if entry.sealed().hash != entry.hash:
        yield "the line does not have the hash that it states: it was edited"
    if expected and (entry.seq, entry.prev) != expected:
        yield f"the chain breaks: expected line {expected[0]} of the run, found {entry.seq} or another predecessor"


def _worker_breaks(entries: Iterable[tuple[int, Entry]]) -> Iterator[LineFault]:
    """Where, in a joined journal, a worker's own chain does not hold."""
    last: dict[str, tuple[int, str]] = {}
    for number, entry in entries:
        if not entry.worker:
            continue
        seq, prev = last.get(entry.worker, (0, _START))
        own = replace(entry, seq=seq, prev=prev, worker="", was="").sealed()
        if own.hash != entry.was:
            yield LineFault(number, f"the chain of worker {entry.worker} breaks")
        last[entry.worker] = (seq + 1, entry.was)
