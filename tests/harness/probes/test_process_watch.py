from __future__ import annotations

import os
import subprocess
import sys
import time

from harness.probes.process_watch import ARGUMENTS, ENVIRONMENT, Watcher

# A parent that starts a child, waits for it, and stays until it is ended.
PARENT = """
import subprocess, sys, time
subprocess.run([sys.executable, "-I", "-S", "-c", "import time; time.sleep(0.5)", "the-child"], check=True)
print("done", flush=True)
time.sleep(60)
"""


def test_it_sees_arguments_and_environment_of_a_process_and_its_children() -> None:
    environment = {**os.environ, "OF_THE_PARENT": "a-value"}
    with subprocess.Popen([sys.executable, "-c", PARENT], env=environment, stdout=subprocess.PIPE) as parent:
        watcher = Watcher(parent.pid)
        assert parent.stdout is not None
        parent.stdout.readline()
        watcher.stop()
        parent.kill()
    assert any("the-child" in process for process in watcher.processes)
    assert len(watcher.processes) >= 2
    assert any(b"OF_THE_PARENT=a-value" in seen for seen in watcher.seen[ENVIRONMENT])
    assert watcher.looks > 1


def test_what_is_planted_is_seen_in_both_places() -> None:
    watcher = Watcher(os.getpid())
    end = time.monotonic() + 20
    while time.monotonic() < end and not all(
        any(watcher.witness.encode() in data for data in watcher.planted[what]) for what in (ARGUMENTS, ENVIRONMENT)
    ):
        time.sleep(0.01)
    watcher.stop()
    for what in (ARGUMENTS, ENVIRONMENT):
        assert any(watcher.witness.encode() in data for data in watcher.planted[what])
        assert not any(watcher.witness.encode() in data for data in watcher.seen[what] - watcher.planted[what])


def test_a_process_that_is_gone_is_no_error() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    watcher = Watcher(gone.pid)
    watcher.stop()
    assert watcher.processes == ()
