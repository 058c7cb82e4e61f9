"""The journal: whole up to its last complete line whenever the run ends, and no line can be changed unseen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.evidence.canonical import canonical, parse
from harness.evidence.journal import Journal, join_journals, read_journal

unhurried = settings(deadline=None, max_examples=60)
data = st.dictionaries(st.text(max_size=5), st.text(max_size=10) | st.integers() | st.none(), max_size=3)
events = st.lists(st.tuples(st.sampled_from(["scenario-started", "observation", "finding"]), data), max_size=6)


def ticking(start: int = 0, step: int = 1) -> Iterator[datetime]:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=start)
    while True:
        yield moment
        moment += timedelta(seconds=step)


def written(folder: Path, lines: list[tuple[str, dict[str, object]]], name: str = "journal", start: int = 0) -> bytes:
    path = folder / f"{name}.jsonl"
    path.unlink(missing_ok=True)
    clock = ticking(start)
    journal = Journal(path, lambda: next(clock))
    for event, fields in lines:
        journal.write(event, fields)
    journal.close()
    return path.read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journal")


@unhurried
@given(lines=events)
def test_what_was_written_is_read_back(folder: Path, lines: list[tuple[str, dict[str, object]]]) -> None:
    read = read_journal(written(folder, lines))
    assert [(entry.event, entry.data) for _, entry in read.entries] == lines
    assert read.faults == ()
    assert not read.torn


@unhurried
@given(lines=events, cut=st.integers(0, 10_000))
def test_cut_at_any_byte_all_whole_lines_are_read_and_the_torn_one_is_told(
    folder: Path, lines: list[tuple[str, dict[str, object]]], cut: int
) -> None:
    whole = written(folder, lines)
    part = whole[: cut % (len(whole) + 1)]
    read = read_journal(part)
    assert len(read.entries) == part.count(b"\n")
    assert read.faults == ()
    assert read.torn == (not part.endswith(b"\n") and part != b"")


@unhurried
@given(lines=events.filter(len), place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_is_told(folder: Path, lines: list[tuple[str, dict[str, object]]], place: int, bit: int) -> None:
    whole = bytearray(written(folder, lines))
    whole[place % len(whole)] ^= 1 << bit
    read = read_journal(bytes(whole))
    assert read.faults or read.torn


def test_a_fault_names_its_line(folder: Path) -> None:
    whole = written(folder, [("finding", {"n": 1}), ("finding", {"n": 2}), ("finding", {"n": 3})])
    (fault,) = read_journal(whole.replace(b'"n":2', b'"n":9')).faults
    assert fault.line == 2
    assert "edited" in fault.detail


def test_a_dropped_line_breaks_the_chain_at_the_next(folder: Path) -> None:
    lines = written(folder, [("finding", {"n": n}) for n in range(3)]).splitlines(keepends=True)
    assert [fault.line for fault in read_journal(lines[0] + lines[2]).faults] == [2]


def test_a_journal_is_never_written_over(folder: Path) -> None:
    written(folder, [], "again")
    with pytest.raises(FileExistsError):
        Journal(folder / "again.jsonl")


def test_an_unknown_event_and_a_field_that_says_nothing_are_told(folder: Path) -> None:
    whole = written(folder, [("finding", {})])
    fields = parse(whole.strip())
    assert read_journal(written(folder, [("no-such-event", {})])).faults
    assert read_journal(canonical({**fields, "was": "x"}) + b"\n").faults
    assert read_journal(canonical({**fields, "seq": True}) + b"\n").faults


class TestJoining:
    def joined(self, folder: Path) -> bytes:
        workers = {
            "main": written(folder, [("run-started", {}), ("run-finished", {})], "main", 50),
            "a": written(folder, [("finding", {"a": n}) for n in range(3)], "a"),
            "b": written(folder, [("finding", {"b": n}) for n in range(3)], "b", 1),
        }
        return join_journals({worker: read_journal(data) for worker, data in workers.items()})

    def test_the_lines_of_all_workers_stand_in_the_order_of_time_between_start_and_end(self, folder: Path) -> None:
        read = read_journal(self.joined(folder))
        assert read.faults == ()
        assert [entry.event for _, entry in read.entries] == ["run-started", *["finding"] * 6, "run-finished"]
        assert [entry.data for _, entry in read.of("finding")] == [
            {"a": 0},
            {"a": 1},
            {"b": 0},
            {"a": 2},
            {"b": 1},
            {"b": 2},
        ]

    def test_a_line_that_a_worker_did_not_write_breaks_its_chain(self, folder: Path) -> None:
        lines = [parse(line) for line in self.joined(folder).splitlines()]
        prev, forged = "0" * 64, b""
        for fields in lines:
            entry = read_journal(canonical(fields) + b"\n").entries[0][1]
            changed = type(entry)(
                entry.seq, prev, entry.at, entry.event, {**entry.data, "x": 1}, "", entry.worker, entry.was
            ).sealed()
            prev, forged = changed.hash, forged + changed.line()
        details = {fault.detail for fault in read_journal(forged).faults}
        assert "the chain of worker a breaks" in details


def test_after_kill_9_at_any_instant_the_journal_is_whole_up_to_its_last_line(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from harness.evidence.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "while True: journal.write('finding', {'reason': 'x' * 3000})\n"
    )
    for turn in range(3):
        path = tmp_path / f"journal.{turn}.jsonl"
        process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
        with process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(0.02 * (turn + 1))
            os.kill(process.pid, signal.SIGKILL)
        read = read_journal(path.read_bytes())
        assert len(read.entries) > 1
        assert read.faults == ()
