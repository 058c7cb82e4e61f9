"""A run that is killed: what was recorded is readable, the rest is not run, and nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.evidence.bundle import interrupted
from harness.evidence.journal import read_journal
from harness.machine.leftovers import marked
from harness.machine.places import CHECKOUT
from harness.model import Verdict
from tests.harness.contracts.fake_issuer import FakeIssuer
from tests.hostile.issuer import describe

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
RUN = ("run", "--controls", "TOKEN-01", "--cell", "stage=dev", "--depth", "pr", "--out")
EXPECTED = ["TOKEN-01.E1", "TOKEN-01.E2", "TOKEN-01.E3"]
SECONDS = 300.0  # at most, on a busy machine


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def run_folders(pid: int) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"authassay-run-{pid}-*"))


@dataclass
class Victim:
    """A run that is killed as soon as it comes to a moment: its folder is there, or its journal holds an event."""

    moment: str
    out: Path
    runs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        command = [sys.executable, "-m", "harness.cli", *RUN, str(self.out)]
        self.process = subprocess.Popen(
            command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    @property
    def journal(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.out.glob("run-*/bundle/journal.main.jsonl"))

    def killed(self) -> bool:
        """Kill it if the moment has come; whether it was killed, now or before."""
        folders = run_folders(self.process.pid)
        if self.process.returncode is None and folders and self.moment.encode() in self.journal:
            self.process.kill()
            self.process.wait()
            self.runs = [folder.name.removeprefix("authassay-run-") for folder in folders]
        return self.process.poll() is not None


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_says_where_its_evidence_lies_and_what_reports_on_it(
    signum: signal.Signals, tmp_path: Path, fake: FakeIssuer
) -> None:
    slowly = describe({"dev": fake}, tmp_path, "rate = 4")  # so that it comes before the end
    command = [sys.executable, "-m", "harness.cli", *RUN, str(tmp_path), "--target", str(slowly)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: any('"observation"' in each.read_text() for each in tmp_path.glob("*/bundle/journal.*")))
        process.send_signal(signum)
        said, ended = process.communicate(timeout=SECONDS)
    (bundle,) = tmp_path.glob("run-*/bundle")
    assert process.returncode == 3
    assert f"evidence is written to {bundle}\n" in said  # a run that is killed at once can say no more
    assert ended.strip().endswith(f"lies in {bundle}; see it by: authassay report {bundle}")
    wait_for(lambda: not run_folders(process.pid))


@pytest.fixture
def victims(tmp_path: Path) -> Iterator[list[Victim]]:
    """Runs side by side, each to be killed at another moment."""
    moments = ("", '"run-started"', '"observation"')
    started = [Victim(moment, tmp_path / str(number)) for number, moment in enumerate(moments)]
    yield started
    for victim in started:
        victim.process.kill()
        victim.process.wait()


def test_killed_runs_leave_readable_journals_and_nothing_else(victims: list[Victim]) -> None:
    wait_for(lambda: sum(victim.killed() for victim in victims) == len(victims))
    for victim in victims:
        assert victim.process.returncode == -signal.SIGKILL
        assert read_journal(victim.journal).faults == ()
        assert len(victim.runs) == 1
    for folder in (folder for victim in victims for folder in victim.out.glob("run-*/bundle")):
        assert [(f.expectation, f.verdict, f.reason) for f in interrupted(folder)] == [
            (expectation, Verdict.NOT_RUN, "the run was interrupted") for expectation in EXPECTED
        ]
    assert sum(bool(victim.journal) for victim in victims) >= 2
    wait_for(lambda: not any(run_folders(v.process.pid) or marked(v.runs[0]) for v in victims))
