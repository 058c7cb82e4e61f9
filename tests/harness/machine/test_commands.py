from __future__ import annotations

import sys

import psutil

from harness.machine.commands import Outcome, run_bounded
from harness.time_limit import TimeLimit

SLEEPS_IN_A_CHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
child.wait()
"""


def test_a_command_that_does_not_end_is_ended_within_the_bound_with_its_children() -> None:
    before = set(psutil.Process().children(recursive=True))
    with TimeLimit(30):
        outcome = run_bounded([sys.executable, "-c", SLEEPS_IN_A_CHILD], seconds=0.5)

    assert not outcome.ok
    assert outcome.line == "error: not done within 0.5 s"
    left = set(psutil.Process().children(recursive=True)) - before
    assert not [process for process in left if process.status() != psutil.STATUS_ZOMBIE]


def test_a_command_that_is_not_here_is_an_outcome_and_no_exception() -> None:
    outcome = run_bounded(["no-such-command-anywhere"], seconds=1)

    assert not outcome.ok
    assert outcome.line == "no-such-command-anywhere cannot be started: No such file or directory"


def test_a_command_has_no_standard_input_to_wait_for() -> None:
    assert run_bounded([sys.executable, "-c", "print(len(input()))"], seconds=5).line.startswith("EOFError")


def test_the_line_that_names_the_error_is_told_rather_than_the_last_one() -> None:
    said = "Reading lists\n\x1b[31mE: Unable to locate package chromium\x1b[0m\nthat was all\n"

    assert Outcome(False, said).line == "E: Unable to locate package chromium"


def test_a_silent_command_is_told_as_silent() -> None:
    assert Outcome(False, "\n").line == "it said nothing"
